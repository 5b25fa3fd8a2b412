"""Grammar-constrained decoding for transformers: xgrammar masks the logits of each row that must satisfy a schema."""

from __future__ import annotations

from typing import Any

from miniatures.backends.constraint import constraint_of
from miniatures.backends.errors import BadSchema
from miniatures.datamodel.json_types import JsonSchema


class SchemaCompiler:
    """Compiles JSON schemas for one tokenizer; xgrammar caches what it compiled."""

    def __init__(self, tokenizer: Any, *, vocabulary: int, end_tokens: list[int]) -> None:
        import xgrammar

        info = xgrammar.TokenizerInfo.from_huggingface(tokenizer, vocab_size=vocabulary, stop_token_ids=end_tokens)
        self._compiler = xgrammar.GrammarCompiler(info)
        self._vocabulary = vocabulary

    def matcher(self, schema: JsonSchema) -> Matcher:
        """A matcher for one answer.

        Raises:
            BadSchema: the schema is invalid or uses what xgrammar does not know.
        """
        import xgrammar

        try:
            compiled = self._compile(schema)
        except (RuntimeError, ValueError) as error:
            reason = str(error).strip().splitlines()[-1]
            raise BadSchema(
                f"the answer's JSON schema cannot be compiled: {reason}", hint="Simplify the schema."
            ) from error
        return Matcher(xgrammar.GrammarMatcher(compiled, terminate_without_stop_token=True), self._vocabulary)

    def _compile(self, schema: JsonSchema) -> Any:
        constraint = constraint_of(schema)
        if constraint.is_grammar:
            return self._compiler.compile_grammar(constraint.text)
        return self._compiler.compile_json_schema(constraint.text, any_whitespace=False)


class Matcher:
    """Follows one answer through its grammar."""

    def __init__(self, matcher: Any, vocabulary: int) -> None:
        import xgrammar

        self._matcher = matcher
        self._mask = xgrammar.allocate_token_bitmask(1, vocabulary)

    @property
    def complete(self) -> bool:
        """Whether the answer satisfies the schema and cannot go on."""
        return bool(self._matcher.is_terminated())

    def mask(self, scores: Any) -> None:
        """Set the scores (a vector of float32 logits) of every token that the grammar forbids to minus infinity."""
        import xgrammar

        if self._matcher.fill_next_token_bitmask(self._mask):
            xgrammar.apply_token_bitmask_inplace(scores.unsqueeze(0), self._mask.to(scores.device))

    def accept(self, token: int) -> None:
        """Go on by the token that was chosen."""
        if not self._matcher.accept_token(token):
            raise RuntimeError(f"token {token} was chosen against the grammar's mask")

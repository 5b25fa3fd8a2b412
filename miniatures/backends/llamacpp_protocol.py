"""What is said to llama.cpp's server and what it says back: options, chunks, errors and the grammar of JSON answers."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from pydantic_core import from_json

from miniatures.backends.completion import FinishReason, Sampling
from miniatures.backends.constraint import constraint_of
from miniatures.backends.errors import BackendError, BadRequest, BadSchema, ContextOverflow, OutOfMemory, ServerFailed
from miniatures.backends.request import DEFAULT_MAX_TOKENS, Request, context_overflow
from miniatures.datamodel.json_types import JsonSchema, Options, WireObject

# The shared grammar is written for xgrammar; llama.cpp's own parser knows no lookahead and wants these rules instead.
_STRING_RULES = r"""
colon ::= ":" " "?
comma ::= "," " "?
hex ::= [0-9a-fA-F]
escape ::= ["\\/bfnrt] | "u" ([0-9a-cA-CefEF] hex hex hex | [dD] [0-7] hex hex)
character ::= [^\x00-\x1f"\\] | "\\" escape
string ::= "\"" character* "\""
nonempty ::= character character* "\""
"""


def completion_options(sampling: Sampling, context_tokens: int) -> Options:
    """The sampling in the server's words; what the server would add of its own (top-k, min-p) is off.

    Its frequency penalty would count the prompt's tokens too, and so punish copies: it is left out.
    """
    options: Options = {
        "stream": True,
        "n_predict": sampling.max_tokens or min(DEFAULT_MAX_TOKENS, context_tokens),
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "top_k": 0,
        "min_p": 0.0,
        "seed": sampling.seed,
        "repeat_penalty": sampling.repetition_penalty,
        "repeat_last_n": context_tokens,
        "stop": list(sampling.stop),
        "logprobs": int(sampling.probability),
    }
    return options | ({} if sampling.schema is None else _constraint(sampling.schema))


def _constraint(schema: JsonSchema) -> Options:
    constraint = constraint_of(schema)
    if not constraint.is_grammar:
        return {"json_schema": schema | {"x-guidance": {"whitespace_flexible": False}}}
    own = [line for line in constraint.text.splitlines() if line.partition(" ")[0] not in _REPLACED_RULES]
    return {"grammar": "\n".join([*own, _STRING_RULES])}


class Relay:
    """Passes the chunks of one completion on to its request."""

    def __init__(self, request: Request, options: Options, context_tokens: int) -> None:
        self._request = request
        self._options = options
        self._context_tokens = context_tokens
        self._text = ""
        self._log_probability = 0.0
        self._last: WireObject | None = None
        self._error: BaseException | None = None

    def run(self, complete: Callable[..., Any]) -> None:
        """Ask, and wait for the end in this thread.

        Raises:
            BackendError: the server's word for what is wrong, in ours.
        """
        complete(self._options, self._take)
        if self._error is not None:
            raise self._error
        if self._last is not None:
            self._complete(self._last)
        elif not self._request.settled:
            raise ServerFailed("llama.cpp ended an answer without a reason", hint="Ask again.")

    def _take(self, chunk: WireObject) -> bool:
        """Returns whether the server is to stop. An exception here would be lost in the server, so it is kept."""
        try:
            self._pass_on(chunk)
        except Exception as error:
            self._error = error
        return self._error is not None or self._request.settled

    def _pass_on(self, chunk: WireObject) -> None:
        if "error" in chunk:
            raise server_error(chunk["error"])
        (choice,) = chunk["choices"]
        self._text += choice["text"]
        self._log_probability += sum(token["logprob"] for token in (choice.get("logprobs") or {}).get("content", ()))
        self._request.write(choice["text"])
        if choice["finish_reason"] is not None:
            self._last = chunk

    def _complete(self, chunk: WireObject) -> None:
        usage = chunk["usage"]
        prompt, answer = usage["prompt_tokens"], usage["completion_tokens"]
        cut = chunk["choices"][0]["finish_reason"] == "length"
        wanted = self._request.sampling.max_tokens
        if cut and wanted is not None and answer < wanted:
            raise context_overflow(prompt, wanted, self._context_tokens)
        if self._options.get("json_schema"):
            require_json(self._text, is_cut=cut)
        self._request.complete(
            FinishReason.LENGTH if cut else FinishReason.STOP,
            input_tokens=prompt,
            output_tokens=answer,
            cached_tokens=(usage.get("prompt_tokens_details") or {}).get("cached_tokens"),
            probability=math.exp(self._log_probability) if self._request.sampling.probability else None,
        )


def require_json(text: str, *, is_cut: bool = False) -> None:
    """Raise `BadSchema` for an answer, or the beginning of one, that ignores its schema: llama.cpp says nothing of a
    schema that its own limits are too narrow for."""
    try:
        from_json(f"[{text}" if is_cut else f"[{text}]", allow_partial=is_cut)  # of a list any beginning can be read
    except ValueError as error:
        raise BadSchema("llama.cpp ignored the answer's JSON schema", hint="Simplify the schema.") from error


def prompt_tokens(reply: WireObject) -> int:
    """How many tokens the prompt of this reply has, whether it fitted or not.

    Raises:
        BackendError: the reply is of another error.
    """
    if (error := reply.get("error")) is None:
        return int(reply["usage"]["prompt_tokens"])
    if "n_prompt_tokens" not in error:
        raise server_error(error)
    return int(error["n_prompt_tokens"])


def server_error(error: WireObject) -> BackendError:
    """The typed form of what the server says is wrong."""
    message = str(error.get("message", error))
    if error.get("type") == "exceed_context_size_error":
        return ContextOverflow(
            f"the prompt has {error.get('n_prompt_tokens')} tokens and the context {error.get('n_ctx')}",
            hint="Shorten the prompt.",
        )
    if "context size" in message.lower():
        return ContextOverflow(f"llama.cpp: {message}", hint="Shorten the prompt, or lower max_tokens.")
    if "memory" in message.lower():
        return OutOfMemory(f"llama.cpp: {message}", hint="Close other programs, or use a smaller model.")
    if error.get("code") == 400:
        return BadRequest(f"llama.cpp refuses the request: {message}", hint="Check the options and the JSON schema.")
    return ServerFailed(f"llama.cpp failed: {message}", hint="Ask again.")


_REPLACED_RULES = frozenset(line.partition(" ")[0] for line in _STRING_RULES.split("\n") if line) | {"inside"}

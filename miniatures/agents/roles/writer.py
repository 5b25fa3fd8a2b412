"""The writer: one email from the brief and the chosen quotes."""

from __future__ import annotations

from collections.abc import Sequence

from miniatures.agents.roles.grounding import email_schema
from miniatures.agents.roles.role import Role, Variables
from miniatures.agents.roles.shared import QuoteLine, quote_lines, quotes_of, recipient_line
from miniatures.checks import CheckCase, run_checks
from miniatures.datamodel.brief import Brief
from miniatures.datamodel.capabilities import Capabilities, Grammar
from miniatures.datamodel.draft import EmailText
from miniatures.datamodel.evidence import Quote
from miniatures.datamodel.json_types import JsonSchema, Options
from miniatures.datamodel.prospect import Recipient
from miniatures.prompts.library import PromptLibrary

_TOKENS_PER_WORD = 3  # English takes 1.3; scripts that the tokenizer knows less well take more
_FREQUENCY_PENALTY = 0.3
_TOKENS_AROUND = 80  # the subject and the JSON around both


class WriterVariables(Variables):
    """What the writer is told. A rewrite is also told what was refused, and why."""

    brief: Brief
    prospect: Recipient
    quotes: tuple[QuoteLine, ...]
    reasons: tuple[str, ...] = ()
    previous: EmailText | None = None

    @classmethod
    def of(
        cls,
        brief: Brief,
        recipient: Recipient,
        evidence: Sequence[Quote],
        *,
        reasons: tuple[str, ...] = (),
        previous: EmailText | None = None,
    ) -> WriterVariables:
        """What a campaign tells the writer about one prospect."""
        who, quotes = recipient_line(recipient), quote_lines(evidence, brief, recipient)
        return cls(brief=brief, prospect=who, quotes=quotes, reasons=reasons, previous=previous)

    @property
    def told_company(self) -> str:
        return self.prospect.company

    def first_question(self) -> WriterVariables:
        return self.model_copy(update={"reasons": (), "previous": None})

    @property
    def case(self) -> CheckCase:
        """What an answer is checked against, as far as the prompt tells."""
        return CheckCase(prospect=self.prospect, brief=self.brief, evidence=quotes_of(self.quotes))


class Writer(Role[WriterVariables, EmailText]):
    """Writes the email.

    A model that is not trusted to copy is held to its prompt's names and numbers by the engine's grammar, has a
    ceiling, as it may never end, and a little weight against words that it has used, as it likes to say a thing twice.
    """

    name = "writer"
    variables = WriterVariables
    answer = EmailText
    measure = "all_checks"

    def schema(
        self, variables: WriterVariables, capabilities: Capabilities, prompts: PromptLibrary
    ) -> JsonSchema | None:
        grounded = capabilities.held and capabilities.grammar is not Grammar.SCHEMA
        return email_schema(variables.brief, variables.model_dump(mode="json")) if grounded else None

    def bounds(self, variables: WriterVariables, capabilities: Capabilities) -> Options:
        if not capabilities.held:
            return {}
        ceiling = {"max_tokens": _TOKENS_PER_WORD * variables.brief.length.max_words + _TOKENS_AROUND}
        return ceiling | ({"frequency_penalty": _FREQUENCY_PENALTY} if capabilities.penalties else {})

    def faults(self, variables: WriterVariables, answer: EmailText) -> tuple[str, ...]:
        return run_checks(answer, variables.case).reasons


WRITER = Writer()

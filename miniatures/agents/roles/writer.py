"""The writer: one email from the brief and the chosen quotes."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pydantic import Field

from miniatures.agents.roles.grounding import email_schema, telling_schema
from miniatures.agents.roles.role import Role, Variables
from miniatures.agents.roles.shared import QuoteLine, quote_lines, quotes_of, recipient_line
from miniatures.agents.roles.telling import Telling, ToldEmail, composed, told
from miniatures.checks import CheckCase, run_checks
from miniatures.datamodel.brief import Brief
from miniatures.datamodel.capabilities import Capabilities, Grammar, Phrases, Variant
from miniatures.datamodel.draft import EmailText
from miniatures.datamodel.errors import InputError
from miniatures.datamodel.evidence import Quote
from miniatures.datamodel.json_types import JsonSchema, Options, StructuredAnswer
from miniatures.datamodel.prospect import Recipient
from miniatures.prompts.library import PromptLibrary

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from miniatures.backends.ask import Answer

_TOKENS_PER_WORD = 3  # English takes 1.3; scripts that the tokenizer knows less well take more
_FREQUENCY_PENALTY = 0.3
_TOKENS_OF_A_TELLING = 220
_TOKENS_AROUND = 80  # the subject and the JSON around both


class WriterVariables(Variables):
    """What the writer is told. A rewrite is also told what was refused, and why."""

    brief: Brief
    prospect: Recipient
    quotes: tuple[QuoteLine, ...]
    today: str = Field(default="", exclude_if=operator.not_, description="The date, year first.")
    reasons: tuple[str, ...] = ()
    previous: EmailText | None = None

    @classmethod
    def of(
        cls,
        brief: Brief,
        recipient: Recipient,
        evidence: Sequence[Quote],
        *,
        today: str = "",
        reasons: tuple[str, ...] = (),
        previous: EmailText | None = None,
    ) -> WriterVariables:
        """What a campaign tells the writer about one prospect."""
        who, quotes = recipient_line(recipient), quote_lines(evidence, brief, recipient)
        return cls(brief=brief, prospect=who, quotes=quotes, today=today, reasons=reasons, previous=previous)

    @property
    def told_company(self) -> str:
        return self.prospect.company

    def first_question(self) -> WriterVariables:
        return self.model_copy(update={"reasons": (), "previous": None})

    @property
    def case(self) -> CheckCase:
        """What an answer is checked against, as far as the prompt tells."""
        return CheckCase(prospect=self.prospect, brief=self.brief, evidence=quotes_of(self.quotes))

    @property
    def owned(self) -> tuple[Brief, Recipient]:
        """What code places around a telling."""
        return self.brief, self.prospect


class Writer(Role[WriterVariables, EmailText]):
    """Writes the email.

    A model that is not trusted to copy is held to its prompt's names and numbers by the engine's grammar, has a
    ceiling, as it may never end, and a little weight against words that it has used, as it likes to say a thing twice.
    """

    name = "writer"
    variables = WriterVariables
    answer = EmailText
    measure = "all_checks"

    def variant(self, capabilities: Capabilities) -> Variant:
        return Variant.OPENING if capabilities.phrases is Phrases.OPENING else capabilities.variant

    def schema(
        self, variables: WriterVariables, capabilities: Capabilities, prompts: PromptLibrary
    ) -> JsonSchema | None:
        if not capabilities.held or capabilities.grammar is Grammar.SCHEMA:
            return None
        if capabilities.phrases is Phrases.OPENING:
            return telling_schema(*variables.owned, variables.quotes, judges=capabilities.judges)
        return email_schema(variables.brief, variables.model_dump(mode="json"))

    def bounds(self, variables: WriterVariables, capabilities: Capabilities) -> Options:
        if not capabilities.held:
            return {}
        if capabilities.phrases is Phrases.OPENING:
            return {"max_tokens": _TOKENS_OF_A_TELLING}
        ceiling = {"max_tokens": _TOKENS_PER_WORD * variables.brief.length.max_words + _TOKENS_AROUND}
        return ceiling | ({"frequency_penalty": _FREQUENCY_PENALTY} if capabilities.penalties else {})

    def faults(self, variables: WriterVariables, answer: EmailText) -> tuple[str, ...]:
        return run_checks(answer, variables.case).reasons

    def kept(self, variables: WriterVariables, structured: StructuredAnswer) -> StructuredAnswer:
        if "opening" not in structured:
            return structured
        return composed(Telling.model_validate(structured), *variables.owned).model_dump()

    def wanted(
        self, variables: WriterVariables, answer: StructuredAnswer, capabilities: Capabilities
    ) -> StructuredAnswer:
        email = ToldEmail.model_validate(answer)
        if capabilities.phrases is Phrases.ALL:
            if not email.body:
                raise InputError(
                    "there is no email: the news was no reason to write", hint="Learn it with the opening alone."
                )
            return email.model_dump(include=set(EmailText.model_fields))
        telling = told(email, *variables.owned)
        if telling is None:
            raise InputError(
                "the email is not one that code composed around an opening", hint="Learn it with all phrased."
            )
        return telling.model_dump()

    async def ask(
        self, model: BaseChatModel, prompts: PromptLibrary, variables: WriterVariables, *, node: str, **options: Any
    ) -> Answer[EmailText]:
        from miniatures.backends.ask import capabilities_of

        if capabilities_of(model).phrases is Phrases.ALL:
            return await super().ask(model, prompts, variables, node=node, **options)
        answer: Answer[Any] = await self.answered(Telling, model, prompts, variables, node=node, **options)
        email = None if answer.value is None else composed(answer.value, *variables.owned)
        return replace(answer, value=email)


WRITER = Writer()

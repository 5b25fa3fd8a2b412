"""The writer: one email from the brief and the chosen quotes, or one that follows up on earlier ones."""

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
from miniatures.datamodel.draft import EarlierEmail, EmailText
from miniatures.datamodel.errors import InputError
from miniatures.datamodel.evidence import Quote
from miniatures.datamodel.json_types import JsonSchema, Options, StructuredAnswer
from miniatures.datamodel.prompt import RenderedPrompt
from miniatures.datamodel.prospect import Recipient
from miniatures.prompts.library import PromptLibrary

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from miniatures.backends.ask import Answer

FOLLOW_UP = "follow_up"
"""The node in traces of calls for follow-ups."""
_TOKENS_PER_WORD = 3  # English takes 1.3; scripts that the tokenizer knows less well take more
_FREQUENCY_PENALTY = 0.3
_TOKENS_OF_A_TELLING = 220
_TOKENS_AROUND = 80  # the subject and the JSON around both


class WriterVariables(Variables):
    """What the writer is told. A rewrite is also told what was refused, and why; a follow-up, what it comes after."""

    brief: Brief
    prospect: Recipient
    quotes: tuple[QuoteLine, ...]
    today: str = Field(default="", exclude_if=operator.not_, description="The date, year first.")
    earlier: tuple[EarlierEmail, ...] = Field(default=(), exclude_if=operator.not_, description="The first one first.")
    hint: str = Field(default="", exclude_if=operator.not_, description="What a follow-up is to say.")
    is_last: bool = Field(default=False, exclude_if=operator.not_, description="Whether no other follow-up is planned.")
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
        earlier: tuple[EarlierEmail, ...] = (),
        hint: str = "",
        is_last: bool = False,
        reasons: tuple[str, ...] = (),
        previous: EmailText | None = None,
    ) -> WriterVariables:
        """What a campaign tells the writer about one prospect."""
        who, quotes = recipient_line(recipient), quote_lines(evidence, brief, recipient)
        again = {"earlier": earlier, "hint": hint, "is_last": is_last, "reasons": reasons, "previous": previous}
        return cls(brief=brief, prospect=who, quotes=quotes, today=today, **again)

    @property
    def told_company(self) -> str:
        return self.prospect.company

    def first_question(self) -> WriterVariables:
        return self.model_copy(update={"reasons": (), "previous": None})

    @property
    def case(self) -> CheckCase:
        """What an answer is checked against, as far as the prompt tells."""
        before = (email.quote for email in self.earlier)
        return CheckCase(prospect=self.prospect, brief=self.brief, evidence=(*quotes_of(self.quotes), *before))

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

    def prompt(self, variables: WriterVariables, prompts: PromptLibrary, capabilities: Capabilities) -> RenderedPrompt:
        if not variables.earlier:
            return super().prompt(variables, prompts, capabilities)
        return prompts.render(self.name, Variant.FOLLOW_UP, variables.model_dump(mode="json"))

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
        if variables.earlier:
            return {**structured, "subject": variables.earlier[0].subject} if "subject" in structured else structured
        if "opening" not in structured:
            return structured
        return composed(Telling.model_validate(structured), *variables.owned).model_dump()

    def wanted(
        self, variables: WriterVariables, answer: StructuredAnswer, capabilities: Capabilities
    ) -> StructuredAnswer:
        if variables.earlier and not writes_follow_ups(capabilities):
            raise InputError(
                "the email is a follow-up, which such a model is not asked for",
                hint="Learn it with all phrased and the full prompt.",
            )
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
            answer = await super().ask(model, prompts, variables, node=node, **options)
            return replace(answer, value=_in_thread(answer.value, variables))
        telling: Answer[Any] = await self.answered(Telling, model, prompts, variables, node=node, **options)
        email = None if telling.value is None else composed(telling.value, *variables.owned)
        return replace(telling, value=email)


def writes_follow_ups(capabilities: Capabilities) -> bool:
    """Whether a backend of these capabilities is asked for follow-ups: code places those of a smaller one."""
    return capabilities.variant is Variant.FULL and capabilities.phrases is Phrases.ALL


def _in_thread(email: EmailText | None, variables: WriterVariables) -> EmailText | None:
    """The email under the subject of its thread, by which mail programs keep a conversation together."""
    if email is None or not variables.earlier:
        return email
    return email.model_copy(update={"subject": variables.earlier[0].subject})


WRITER = Writer()

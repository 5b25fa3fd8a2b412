"""The verifier: reads a finished email beside the checks, or each statement of it beside the page that it rests on.

The opinion of one that reads the whole email is stored and decides nothing. One that reads statements decides, with the
checks, whether a draft is ready.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum
from functools import lru_cache
from typing import Any

from pydantic import BaseModel, Field

from miniatures.agents.ages import age, ages
from miniatures.agents.as_data import as_data
from miniatures.agents.roles.role import Role, Variables
from miniatures.agents.roles.shared import QuoteLine, quote_lines, recipient_line
from miniatures.datamodel.brief import Brief
from miniatures.datamodel.capabilities import Capabilities, Variant
from miniatures.datamodel.draft import EmailText
from miniatures.datamodel.evidence import Quote
from miniatures.datamodel.json_types import JsonSchema
from miniatures.datamodel.prompt import RenderedPrompt
from miniatures.datamodel.prospect import Recipient
from miniatures.prompts.library import PromptLibrary


class Opinion(BaseModel):
    """The verifier's answer."""

    sendable: bool
    comment: str = Field(max_length=600)

    def __str__(self) -> str:
        return f"{'would send' if self.sendable else 'would not send'}: {self.comment}"


class Truth(StrEnum):
    """Whether the evidence supports a statement, or in which way it does not."""

    SUPPORTED = "supported"
    WRONG_OWNER = "wrong_owner"
    STALE = "stale"
    WRONG_JOIN = "wrong_join"
    DISTORTED = "distorted"
    INVENTED = "invented"


class Form(StrEnum):
    """Whether a person would write it so: a subject may be true and absurd."""

    GOOD = "good"
    ODD = "odd"


class Part(StrEnum):
    """Where the statement stands in the email."""

    OPENING = "opening"
    THOUGHT = "thought"
    SUBJECT = "subject"


class Vetting(BaseModel):
    """The answer about one statement."""

    truth: Truth
    form: Form


class StatementVariables(Variables):
    """One statement of an email beside the sentence that it rests on, in its page. Ages are told in words."""

    statement: str
    part: Part
    company: str
    today: str
    text: str
    heading: str = ""
    before: str = ""
    after: str = ""
    page_age: str = ""
    said: str = Field(default="", description="Ages of the dates in the sentence.")
    offer: str = Field(default="", description="What is offered: a thought and a subject may speak of it.")

    @classmethod
    def of(
        cls, statement: str, part: Part, brief: Brief, recipient: Recipient, quote: QuoteLine, today: date
    ) -> StatementVariables:
        """What is asked about this statement."""
        published = date.fromisoformat(quote.published) if quote.published else None
        return cls(
            statement=as_data(statement),
            part=part,
            company=as_data(recipient.company),
            today=today.isoformat(),
            text=quote.text,
            heading=quote.page,
            before=quote.before,
            after=quote.after,
            page_age="" if published is None else age(published, today),
            said=ages(quote.text, today),
            offer="" if part is Part.OPENING else as_data(brief.offer),
        )

    @property
    def told_company(self) -> str:
        return self.company


class VerifierVariables(Variables):
    """What the verifier is told."""

    brief: Brief
    prospect: Recipient
    quotes: tuple[QuoteLine, ...]
    email: EmailText

    @classmethod
    def of(cls, brief: Brief, recipient: Recipient, evidence: Sequence[Quote], email: EmailText) -> VerifierVariables:
        """What a campaign tells it about one draft."""
        shown = EmailText(subject=as_data(email.subject), body=email.body)
        return cls(
            brief=brief, prospect=recipient_line(recipient), quotes=quote_lines(evidence, brief, recipient), email=shown
        )

    @property
    def told_company(self) -> str:
        return self.prospect.company


class Verifier(Role[Any, Any]):
    """Says whether it would send an email; one that reads statements in their pages, whether each is supported."""

    name = "verifier"
    variables = VerifierVariables
    answer = Opinion

    def read(self, variables: Mapping[str, Any]) -> VerifierVariables | StatementVariables:
        form = StatementVariables if "statement" in variables else VerifierVariables
        return form.model_validate(variables)

    def answer_to(self, variables: VerifierVariables | StatementVariables) -> type[BaseModel]:
        return Vetting if isinstance(variables, StatementVariables) else Opinion

    def prompt(
        self, variables: VerifierVariables | StatementVariables, prompts: PromptLibrary, capabilities: Capabilities
    ) -> RenderedPrompt:
        alone = isinstance(variables, StatementVariables)
        variant = Variant.PASSAGE if alone else capabilities.variant
        return prompts.render(self.name, variant, variables.model_dump(mode="json"))

    def schema(
        self, variables: VerifierVariables | StatementVariables, capabilities: Capabilities, prompts: PromptLibrary
    ) -> JsonSchema | None:
        return vetting_schema() if isinstance(variables, StatementVariables) else None


@lru_cache(maxsize=1)
def vetting_schema() -> JsonSchema:
    """`Vetting` as engines read it."""
    fields = {"truth": list(map(str, Truth)), "form": list(map(str, Form))}
    return {
        "title": Vetting.__name__,
        "type": "object",
        "properties": {name: {"type": "string", "enum": words} for name, words in fields.items()},
        "required": [*fields],
        "additionalProperties": False,
    }


VERIFIER = Verifier()

"""The verifier: reads a finished email beside the checks. Its opinion is stored and decides nothing."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel, Field

from miniatures.agents.as_data import as_data
from miniatures.agents.roles.role import Role, Variables
from miniatures.agents.roles.shared import QuoteLine, quote_lines, recipient_line
from miniatures.datamodel.brief import Brief
from miniatures.datamodel.draft import EmailText
from miniatures.datamodel.evidence import Quote
from miniatures.datamodel.prospect import Recipient


class Opinion(BaseModel):
    """The verifier's answer."""

    sendable: bool
    comment: str = Field(max_length=600)

    def __str__(self) -> str:
        return f"{'would send' if self.sendable else 'would not send'}: {self.comment}"


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


class Verifier(Role[VerifierVariables, Opinion]):
    """Says whether it would send the email."""

    name = "verifier"
    variables = VerifierVariables
    answer = Opinion


VERIFIER = Verifier()

"""An email that was written for one prospect, with the ground under each statement and the outcome of each check."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from pydantic import Field

from miniatures.datamodel.backend import Bill
from miniatures.datamodel.check import CheckResult
from miniatures.datamodel.dossier import Problem
from miniatures.datamodel.evidence import Evidence, Quote
from miniatures.datamodel.frozen import Frozen
from miniatures.datamodel.hashing import content_hash
from miniatures.datamodel.trace import new_id
from miniatures.datamodel.vetted import VettedStatement

PLACED = "placed"
"""What stands for the backend of an email that code placed."""
EARLIER_EMAIL = "earlier email"
"""What stands for the signal where a follow-up rests on what was written before."""


class EmailText(Frozen):
    """What the writer writes, and nothing else. The schema of the writer's structured answer."""

    subject: str = Field(description="One line.")
    body: str = Field(description="Greeting, message and signature, as plain text.")


class EarlierEmail(EmailText):
    """An email that a follow-up comes after, as it was approved and left."""

    sent_on: date = Field(description="By the recipient's calendar.")

    @property
    def quote(self) -> Quote:
        """The email as a ground that a follow-up may stand on, as its recipient has it."""
        day = f"{self.sent_on.day} {self.sent_on:%B %Y}"
        return Quote(quote=f"Email of {day}: {self.subject}\n\n{self.body}", signal=EARLIER_EMAIL)


class Ground(StrEnum):
    """What a statement stands on."""

    BRIEF = "brief"
    QUOTE = "quote"
    THOUGHT = "thought"
    """A general remark: it says nothing definite of anybody, so nothing has to carry it."""
    NOTHING = "nothing"


class Statement(Frozen):
    """One sentence of the draft that is more than a form, aligned to its ground."""

    text: str
    ground: Ground
    source: str = Field(default="", description="The brief's line or the quote.")
    unsupported: tuple[str, ...] = Field(default=(), description="Numbers, names and links that no source carries.")


class DraftStatus(StrEnum):
    """Where a prospect stands; each prospect of a campaign is in exactly one."""

    PENDING = "pending"
    READY = "ready"
    NEEDS_REVIEW = "needs_review"
    NOTHING_FOUND = "nothing_found"
    BLOCKED = "blocked"
    FAILED = "failed"
    OVER_BUDGET = "over_budget"


class Draft(Frozen):
    """One written email and everything that was found out about it."""

    id: str = Field(
        default_factory=new_id, description="The call that wrote it names it; without one, what it says does."
    )
    subject: str
    body: str
    trace: str | None = Field(default=None, description="The model call that wrote this text; null if none did.")
    statements: tuple[Statement, ...] = ()
    evidence: tuple[Evidence | Quote, ...] = Field(default=(), description="What the writer was given.")
    checks: tuple[CheckResult, ...] = ()
    status: DraftStatus
    backend: str = Field(description="Identity of the backend whose text this is.")
    attempts: int = Field(default=1, ge=0)
    vetted: tuple[VettedStatement, ...] = Field(default=(), description="What a verifier says of its statements.")
    opinion: str | None = Field(
        default=None, description="What a verifier backend thinks, beside the checks; it never decides."
    )
    problems: tuple[Problem, ...] = Field(default=(), description="What could not be tried, and why.")
    bill: Bill = Bill(cost_usd=None)

    @property
    def text(self) -> EmailText:
        return EmailText(subject=self.subject, body=self.body)

    @property
    def text_hash(self) -> str:
        """Hash of subject and body: an approval is of exactly this text."""
        return content_hash(self.text)

    @property
    def failed_checks(self) -> tuple[CheckResult, ...]:
        return tuple(check for check in self.checks if not check.passed)

"""An email that was written for one prospect, with the ground under each claim and the outcome of each check."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from miniatures.datamodel.backend import Usage
from miniatures.datamodel.check import CheckResult
from miniatures.datamodel.evidence import Evidence


class EmailText(BaseModel):
    """What the writer writes, and nothing else. The schema of the writer's structured answer."""

    model_config = ConfigDict(frozen=True)

    subject: str = Field(description="One line.")
    body: str = Field(description="Greeting, message and signature, as plain text.")


class Ground(StrEnum):
    """What a claim stands on."""

    BRIEF = "brief"
    QUOTE = "quote"
    NOTHING = "nothing"


class Claim(BaseModel):
    """One sentence of the draft that asserts something, aligned to its ground."""

    model_config = ConfigDict(frozen=True)

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


class Draft(BaseModel):
    """One written email and everything that was found out about it."""

    model_config = ConfigDict(frozen=True)

    subject: str
    body: str
    claims: tuple[Claim, ...] = ()
    evidence: tuple[Evidence, ...] = Field(default=(), description="The quotes that the writer was given.")
    checks: tuple[CheckResult, ...] = ()
    status: DraftStatus
    backend: str = Field(description="Identity of the backend whose text this is.")
    attempts: int = Field(default=1, ge=0)
    reading: str | None = Field(
        default=None, description="A verifier backend's opinion, beside the checks; it never decides."
    )
    usage: Usage = Usage()
    cost_usd: float | None = None

    @property
    def failed_checks(self) -> tuple[CheckResult, ...]:
        return tuple(check for check in self.checks if not check.passed)

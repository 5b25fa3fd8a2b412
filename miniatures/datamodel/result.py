"""What a run leaves behind for one prospect under one policy: what listings, reports and exports are made of."""

from __future__ import annotations

import operator

from pydantic import Field

from miniatures.datamodel.backend import Bill
from miniatures.datamodel.dossier import Dossier
from miniatures.datamodel.draft import Draft, DraftStatus, EarlierEmail
from miniatures.datamodel.frozen import Frozen
from miniatures.datamodel.prospect import Prospect

_STEP = "+"
"""Stands between the hash of a policy and the number of a follow-up, which so has a place beside the first email."""


def policy_of_step(policy_hash: str, step: int) -> str:
    """What a result of this step is kept under; a first email's is the hash itself."""
    return f"{policy_hash}{_STEP}{step}" if step else policy_hash


def step_of(policy: str) -> int:
    """The step of what is kept under this policy: 0 for first emails."""
    return int(policy.partition(_STEP)[2] or 0)


class ProspectResult(Frozen):
    """One prospect's outcome. A prospect that no run has reached yet is `pending` and has no policy.

    A follow-up is a result of its own, with the dossier of the first email.
    """

    campaign: str
    policy: str = Field(default="", description="Hash of the policy, and the step of a follow-up; empty while pending.")
    arm: str = Field(default="", exclude_if=operator.not_, description="Of an A/B test: whose policy it is.")
    prospect: Prospect
    status: DraftStatus
    draft: Draft | None = None
    dossier: Dossier | None = None
    error: str | None = Field(default=None, description="The error's name and its sentence.")
    bill: Bill = Bill(cost_usd=None)
    seconds: float = Field(default=0.0, ge=0, description="Wall-clock time spent on the prospect.")
    earlier: tuple[EarlierEmail, ...] = Field(
        default=(), exclude_if=operator.not_, description="What a follow-up comes after, as it left."
    )

    @property
    def step(self) -> int:
        """0 for a first email, then the follow-ups."""
        return step_of(self.policy)

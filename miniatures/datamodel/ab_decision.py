"""What was done about an arm of a live A/B test, and why: kept for ever, and done once."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from miniatures.datamodel.frozen import Frozen
from miniatures.datamodel.hashing import content_hash
from miniatures.datamodel.live_verdict import GuardrailHit, LiveVerdict
from miniatures.datamodel.moment import Moment


class AbAction(StrEnum):
    """What a verdict leads to."""

    PROMOTED = "promoted"
    """The challenger is no worse: its miniature went live."""
    ROLLED_BACK = "rolled_back"
    """The challenger is worse, and its miniature was live: what was live before is so again."""
    STOPPED = "stopped"
    """A guardrail was hit: nothing more is sent in the arm."""
    NOTED = "noted"
    """The word was given, and nothing had to change."""


class AbDecision(Frozen):
    """One decision about one arm."""

    id: str
    campaign: str
    arm: str
    action: AbAction
    why: str = Field(description="In sentences, as people read it.")
    miniature: str = Field(default="", description="NAME@VERSION of what was promoted or rolled back.")
    cancelled: int = Field(default=0, ge=0, description="Emails that waited in a stopped arm.")
    hits: tuple[GuardrailHit, ...] = Field(default=(), description="Of a stopped arm: each limit that it crossed.")
    verdict: LiveVerdict | None = Field(
        default=None, description="What was known; null where an arm was stopped with nothing left to compare it with."
    )
    decided_by: str
    decided_at: Moment


def decision_id(campaign: str, arm: str, ground: str, miniature: str) -> str:
    """Names what is decided about an arm on which ground (a word, or `stopped`), so that it is decided once."""
    return content_hash([campaign, arm, ground, miniature])[:32]

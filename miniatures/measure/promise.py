"""What `ready` promises in one campaign: the risk that it states, the bound that this gives, and what it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from miniatures.agents.runs import researcher_of, sure_readings
from miniatures.checks.risk import CONFIDENCE, RiskBound, least_risk, risk_bound
from miniatures.datamodel.campaign import Campaign, policies_of
from miniatures.datamodel.errors import MiniaturesError


@dataclass(frozen=True)
class Promise:
    """The stated risk, with the readings of drafts that it was calibrated on.

    `least` is the smallest risk that the readings can show; null without enough of them. `trouble` says why a stated
    risk gives no bound. The arms of a test whose researchers differ have a promise each, and no bound in common.
    """

    researcher: str
    risk: float | None
    bound: RiskBound | None = None
    readings: int = 0
    least: float | None = None
    trouble: str = ""
    arms: Mapping[str, Promise] = field(default_factory=dict)

    @property
    def sentences(self) -> tuple[str, ...]:
        """The promise in plain words."""
        if self.arms:
            return tuple(f"Arm {arm}: {told}" for arm, promise in self.arms.items() for told in promise.sentences)
        if self.trouble:
            return (f"{self.trouble[:1].upper()}{self.trouble[1:]}.",)
        if self.risk is None:
            return ("This campaign states no risk, so ready says only that the checks passed.", self._could)
        if self.bound is None:
            asked = f"This campaign asks for a risk of {_percent(self.risk)}, which no readings show: it cannot be run."
            return (asked, self._could)
        return (
            f"This campaign asks that at most {_percent(self.risk)} of its ready drafts hold a false statement, with "
            f"{_percent(CONFIDENCE)} confidence.",
            f"So a draft is ready only if {self.researcher} was at least {self.bound.bound:.2f} sure of the reason to "
            "write, besides the checks.",
            f"That bound comes from {self.bound.readings:,} drafts that people read: of {self.bound.above:,} at or "
            f"above it, {self.bound.false:,} held a false statement. It holds for prospects like those.",
        )

    @property
    def _could(self) -> str:
        if not self.readings:
            return f"Nobody has read drafts to calibrate {self.researcher} on."
        read = f"Of {self.researcher}, {self.readings:,} drafts were read"
        if self.least is None:
            return f"{read}, too few to show any risk below 50 %."
        line = f"ready: {{risk: {self.least:.2f}}}"
        return f"{read}. The least risk that they show is {_percent(self.least)}: the line “{line}” asks for it."


def promise_of(campaign: Campaign) -> Promise:
    """What `ready` promises there, as the registry's cards are now."""
    arms = {arm: _of_one(policy) for arm, policy in policies_of(campaign).items()}
    first, *others = arms.values()
    if all(other == first for other in others):
        return first
    return Promise(researcher="", risk=campaign.ready.risk, arms=arms)


def _of_one(campaign: Campaign) -> Promise:
    """What it promises under one policy."""
    risk, researcher = campaign.ready.risk, researcher_of(campaign)
    try:
        readings = sure_readings(campaign)
    except MiniaturesError as error:
        return Promise(researcher, risk, trouble=error.message)
    bound = None if risk is None else risk_bound(readings, risk)
    return Promise(researcher, risk, bound, len(readings), least_risk(readings))


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"

"""What one sendable email or one positive reply cost, and between which costs that lies.

The bill is known and the count is left to chance, so the cost of each is the bill over a rate, and its interval is
that of the rate turned upside down: a monotone function of both ends keeps their coverage (Altman 1998, Confidence
intervals for the number needed to treat, BMJ 317:1309-1312). What a second campaign would be billed may differ; that
is not in it.
"""

from __future__ import annotations

from dataclasses import dataclass

from miniatures.datamodel.money import dollars
from miniatures.datamodel.verdict import LiveMetric, RateBase
from miniatures.measure.live.counts import ArmCounts, Tally


@dataclass(frozen=True)
class CostEach:
    """USD for each; all null if the bill is not known, `value` and `high` also where there was none yet."""

    each: str
    value: float | None
    low: float | None
    high: float | None

    @property
    def words(self) -> str:
        """Such as `positive reply: $1.20 each (95 %: $0.80 to $2.10)`."""
        if self.low is None:
            return f"{self.each}: cost unknown"
        if self.value is None or self.high is None:
            return f"{self.each}: none yet, so at least {dollars(self.low)} each (95 %)"
        return f"{self.each}: {dollars(self.value)} each (95 %: {dollars(self.low)} to {dollars(self.high)})"


def costs(arm: ArmCounts) -> tuple[CostEach, ...]:
    """Of an email sendable as drafted, one sendable at all, and a positive reply; reviewers' time is not in it."""
    unedited, effect = arm.approved - arm.edited, arm.people_a_company
    return (
        cost_each("email sendable as drafted", arm.cost_usd, Tally("unedited", unedited, arm.enrolled, effect)),
        cost_each("sendable email", arm.cost_usd, Tally("approved", arm.approved, arm.enrolled, effect)),
        cost_each("positive reply", arm.cost_usd, arm.tallies(LiveMetric.POSITIVE, RateBase.ENROLLED)[0]),
    )


def cost_each(each: str, bill: float | None, tally: Tally) -> CostEach:
    """The bill for the whole base of the tally, over those whom it counts."""
    if bill is None or not tally.base:
        return CostEach(each, None, None, None)
    a_person, rate = bill / tally.base, tally.rate
    if not tally.count:
        return CostEach(each, None, a_person / rate.high, None)
    return CostEach(each, bill / tally.count, a_person / rate.high, a_person / rate.low)

"""What was counted in one arm of a live A/B test.

Arms are assigned by company, so people of one company share an arm and may answer alike. Counts of people are therefore
divided by a design effect before they are tested, and then taken as if everybody answered alone (Rao and Scott 1992,
Biometrics 48:577-585). Where nobody measured the effect, all people of a company count as one, which is the worst there
may be if companies are about equally large.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, assert_never

from pydantic import Field, NonNegativeInt, model_validator

from miniatures.datamodel.frozen import Frozen
from miniatures.datamodel.live_verdict import Rate
from miniatures.datamodel.verdict import Guardrail, LiveMetric, RateBase
from miniatures.measure.wilson import wilson_interval

_ALPHA = 0.05


class ArmCounts(Frozen):
    """People, not events: whoever opened three times is counted once. An arm that did nothing has the defaults."""

    arm: str
    enrolled: NonNegativeInt = 0
    drafted: NonNegativeInt = 0
    ready: NonNegativeInt = 0
    reviewed: NonNegativeInt = Field(default=0, description="Drafts that a person decided about.")
    rejected: NonNegativeInt = 0
    edited: NonNegativeInt = Field(default=0, description="Of the approved, those that a person changed before.")
    approved: NonNegativeInt = Field(default=0, description="Sendable: approved by a person or by the risk rule.")
    sent: NonNegativeInt = Field(default=0, description="A server took the email, or knows no such address.")
    delivered: NonNegativeInt = Field(default=0, description="Sent, and did not come back.")
    bounced: NonNegativeInt = 0
    opened_low: NonNegativeInt = Field(default=0, description="Opened by a person beyond doubt.")
    opened_high: NonNegativeInt = Field(default=0, description="With those whose hits a machine may have made.")
    clicked: NonNegativeInt = Field(default=0, description="A person followed a link beyond doubt.")
    clicked_high: NonNegativeInt = Field(default=0, description="With those whose hits a machine may have made.")
    replied: NonNegativeInt = 0
    positive: NonNegativeInt = 0
    unsubscribed: NonNegativeInt = 0
    complained: NonNegativeInt = 0
    cost_usd: float | None = Field(default=None, ge=0, description="Null if what a backend costs is not known.")
    companies: NonNegativeInt = Field(default=0, description="Of the enrolled.")
    companies_reached: NonNegativeInt = Field(default=0, description="Of the delivered.")
    design_effects: dict[LiveMetric | Guardrail, Annotated[float, Field(ge=1)]] = Field(
        default_factory=dict,
        description="By metric, `non_inferiority.design_effect` of each person's outcome (0 or 1) and company.",
    )

    @model_validator(mode="after")
    def _counts_fit(self) -> ArmCounts:
        for part, whole in _PARTS:
            if getattr(self, part) > getattr(self, whole):
                raise ValueError(
                    f"arm {self.arm}: {getattr(self, part)} {part} are more than {getattr(self, whole)} {whole}"
                )
        if self.delivered + self.bounced > self.sent:
            raise ValueError(
                f"arm {self.arm}: {self.delivered} delivered and {self.bounced} bounced, of {self.sent} sent"
            )
        return self

    def tallies(self, metric: LiveMetric, per: RateBase) -> tuple[Tally, ...]:
        """The metric by each way of counting it. Opens and clicks have three; what is said has to hold by each.

        Hits that cannot be told from a machine's count as nobody, as everybody, or their owners are left out. The first
        two hide a part of any difference, for such hits come whatever the email says; the third does not, but supposes
        that those people are like the others.
        """
        base = self._base(per)
        match metric:
            case LiveMetric.OPENED:
                return self._told_by_hits(metric, self.opened_low, self.opened_high, base)
            case LiveMetric.CLICKED:
                return self._told_by_hits(metric, self.clicked, self.clicked_high, base)
            case LiveMetric.REPLIED | LiveMetric.POSITIVE:
                return (self._tally(metric.value, metric, getattr(self, metric.value), base),)
            case _:
                assert_never(metric)

    def _told_by_hits(self, metric: LiveMetric, low: int, high: int, base: int) -> tuple[Tally, ...]:
        return (
            self._tally(f"{metric} for certain", metric, low, base),
            self._tally(f"{metric}, if every hit was a person's", metric, high, base),
            self._tally(f"{metric}, of those whose hits can be told", metric, low, base - (high - low)),
        )

    def harm(self, guardrail: Guardrail) -> Tally:
        """How many of those who could did what harms the sender."""
        base = self.sent if guardrail is Guardrail.BOUNCED else self.delivered
        return self._tally(guardrail.value, guardrail, getattr(self, guardrail.value), base)

    def _base(self, per: RateBase) -> int:
        match per:
            case RateBase.DELIVERED:
                return self.delivered
            case RateBase.ENROLLED:
                return self.enrolled
            case _:
                assert_never(per)

    def _tally(self, counted: str, measured: LiveMetric | Guardrail, count: int, base: int) -> Tally:
        return Tally(counted, count, base, self.design_effects.get(measured, self.people_a_company))

    @property
    def people_a_company(self) -> float:
        """The design effect if all people of a company answer alike, at least 1."""
        return max(1.0, self.enrolled / max(1, self.companies))


_PARTS = (
    ("drafted", "enrolled"),
    ("ready", "drafted"),
    ("reviewed", "drafted"),
    ("rejected", "reviewed"),
    ("approved", "drafted"),
    ("edited", "approved"),
    ("sent", "enrolled"),
    ("opened_low", "opened_high"),
    ("opened_high", "delivered"),
    ("clicked", "clicked_high"),
    ("clicked_high", "delivered"),
    ("replied", "delivered"),
    ("positive", "replied"),
    ("unsubscribed", "delivered"),
    ("complained", "delivered"),
    ("companies", "enrolled"),
    ("companies_reached", "companies"),
    ("companies_reached", "delivered"),
)


@dataclass(frozen=True)
class Tally:
    """How many of how many, and by what both are divided because people of one company answer alike."""

    counted: str
    count: int
    base: int
    effect: float = 1.0

    @property
    def rate(self) -> Rate:
        """The share and its interval, from 0 to 1 where there is nobody."""
        if not self.base:
            return Rate(count=0, base=0, low=0.0, high=1.0)
        low, high = wilson_interval(*self.alone, _ALPHA)
        return Rate(count=self.count, base=self.base, low=low, high=high)

    @property
    def alone(self) -> tuple[float, float]:
        """Count and base as if everybody answered alone."""
        return self.count / self.effect, self.base / self.effect

"""What a list can show, before anything is spent; and the plain word where only blind readings can.

Reply rates are a few in a hundred and positive replies fewer, so most lists cannot tell two good arms apart by what
people do. A test that cannot end is better not begun.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from miniatures.datamodel.verdict import Look, VerdictRule
from miniatures.measure.live.sizes import Aim, Truth
from miniatures.measure.live.words import percent, points

_UNSURE = 0.5
"""The share of drafts that readers would send, where the number of readings needed is largest."""


@dataclass(frozen=True)
class ArmPlan:
    """What the list can show of one challenger; people are those whom the rate is of.

    `people_needed` and `reference_needed` give the rule's power if both arms are equally good; null if no number
    does. `least_margin` is the smallest margin within which this list shows that, and `least_loss` the smallest loss
    that it shows to be one; null if none. `readings_needed` are blind readings of each arm that show it within the
    rule's margin for readings, whatever share is sent.
    """

    arm: str
    reference: str
    rule: VerdictRule
    rate: float
    people: int
    reference_people: int
    people_needed: int | None
    reference_needed: int | None
    power: float
    least_margin: float
    least_loss: float | None
    readings_needed: int | None

    @property
    def outcomes_can_decide(self) -> bool:
        """Whether this list gives the power asked for, at a margin that means something."""
        return self._margin_counts and self.power >= self.rule.power

    @property
    def _margin_counts(self) -> bool:
        return self.rule.margin < self.rate

    @property
    def lines(self) -> tuple[str, ...]:
        """The plan in plain words."""
        return (self._setting, *self._needed(), *self._shown(), *self._instead())

    @property
    def _setting(self) -> str:
        looks = "daily looks" if self.rule.look is Look.DAILY else "one look"
        return (
            f"{self.arm} beside {self.reference}: {self.people:,} and {self.reference_people:,} people, of whom "
            f"{percent(self.rate)} are expected to count as {self.rule.metric}; {looks}."
        )

    def _needed(self) -> Iterator[str]:
        if self._margin_counts and self.people_needed is not None and self.reference_needed is not None:
            yield (
                f"To show no loss of {points(self.rule.margin)} takes {self.people_needed:,} and "
                f"{self.reference_needed:,}; this list shows it with a chance of {percent(self.power)}, if both are "
                "equally good."
            )

    def _shown(self) -> Iterator[str]:
        chance = f"with a chance of {percent(self.rule.power)}"
        if self.least_margin < self.rate:
            yield f"The smallest margin that this list can show, {chance}, is {points(self.least_margin)}."
        if self.least_loss is not None:
            yield f"The smallest loss that it can show to be one, {chance}, is {points(self.least_loss)}."

    def _instead(self) -> Iterator[str]:
        if not self._margin_counts:
            yield (
                f"A margin of {points(self.rule.margin)} is no smaller than the rate: an arm that nobody ever answers "
                "would be no worse, so that word will not be given. Write a smaller one."
            )
        if not self.outcomes_can_decide:
            yield (
                "What people do cannot decide this on this list. Only blind readings can: "
                f"{self.readings_needed:,} of each arm show no loss of {points(self.rule.readings_margin)} in the "
                "share that readers would send as it stands."
            )


def plan_test(
    rule: VerdictRule, people: Mapping[str, int], reference: str, rate: float, people_a_company: float = 1.0
) -> tuple[ArmPlan, ...]:
    """What the list can show of each challenger.

    `people` are those expected in each arm, at least one; if the rule is per delivered, without those who are not
    written to or whose email bounces. `rate` is expected in the reference arm, above 0 and below 1. `people_a_company`
    are taken to answer alike, as the verdict does unless it knows better.
    """
    challengers = [arm for arm in people if arm != reference]
    aim = Aim(rule.margin, rule.alpha / max(1, len(challengers)), rule.power, rule.look)
    return tuple(_arm_plan(rule, aim, arm, people, reference, rate, people_a_company) for arm in challengers)


def _arm_plan(
    rule: VerdictRule, aim: Aim, arm: str, people: Mapping[str, int], reference: str, rate: float, effect: float
) -> ArmPlan:
    truth = Truth(rate, rate, people[arm] / people[reference])
    alone, needed = people[arm] / effect, aim.people_no_worse(truth)
    by_readers = Aim(rule.readings_margin, aim.alpha, aim.power, Look.DAILY)
    return ArmPlan(
        arm=arm,
        reference=reference,
        rule=rule,
        rate=rate,
        people=people[arm],
        reference_people=people[reference],
        people_needed=None if needed is None else round(needed * effect),
        reference_needed=None if needed is None else round(needed * effect / truth.ours_to_one),
        power=aim.power_no_worse(truth, alone),
        least_margin=aim.least_margin(truth, alone),
        least_loss=aim.least_loss(rate, truth.ours_to_one, alone),
        readings_needed=by_readers.people_no_worse(Truth(_UNSURE, _UNSURE)),
    )

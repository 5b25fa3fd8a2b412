"""The plan of an A/B test: each metric's sizes, how long sending takes, and the plain word at the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from miniatures.agents.enrolment import ArmSize
from miniatures.datamodel.arms import AbRule
from miniatures.datamodel.send_settings import Mailbox, SendSettings
from miniatures.datamodel.verdict import LiveMetric, RateBase
from miniatures.delivery.pace import day_cap
from miniatures.measure.live.plan import ArmPlan, plan_test

_WORDS = {
    LiveMetric.OPENED: "opens",
    LiveMetric.CLICKED: "clicks",
    LiveMetric.REPLIED: "replies",
    LiveMetric.POSITIVE: "positive replies",
}


@dataclass(frozen=True)
class PlannedLine:
    """What the list can show of one challenger by one metric."""

    metric: LiveMetric
    plan: ArmPlan

    @property
    def words(self) -> str:
        return _WORDS[self.metric]

    @property
    def least_margin(self) -> float | None:
        """The smallest loss that can be ruled out; null if not even the loss of every such answer can."""
        return self.plan.least_margin if self.plan.least_margin < self.plan.rate else None

    @property
    def needed(self) -> int | None:
        """People in the larger of the two arms for the rule's margin; null if no number does."""
        plan = self.plan
        if plan.people_needed is None or plan.reference_needed is None or plan.rule.margin >= plan.rate:
            return None
        return max(plan.people_needed, plan.reference_needed, plan.rule.min_per_arm)

    @property
    def decides(self) -> bool:
        """Whether this list has the power that the rule asks for."""
        plan = self.plan
        return plan.outcomes_can_decide and min(plan.people, plan.reference_people) >= plan.rule.min_per_arm

    @property
    def as_data(self) -> dict[str, Any]:
        """The same as programs read it."""
        plan = {name: value for name, value in asdict(self.plan).items() if name != "rule"}
        return {"metric": self.metric.value, **plan, "needed": self.needed, "decides": self.decides}


@dataclass(frozen=True)
class PlannedTest:
    """A whole plan. `weeks` of sending are null if the campaign does not say how emails leave."""

    rule: AbRule
    lines: Sequence[PlannedLine]
    weeks: int | None

    @property
    def of_the_rule(self) -> list[PlannedLine]:
        """The lines by which the rule decides."""
        return [line for line in self.lines if line.metric is self.rule.metric]

    @property
    def decides(self) -> bool:
        """Whether what people do can decide about every challenger."""
        return all(line.decides for line in self.of_the_rule)

    @property
    def verdict(self) -> str:
        """One plain sentence."""
        rule, plans = self.rule, [line.plan for line in self.of_the_rule]
        words = _WORDS[rule.metric]
        if self.decides:
            chance = f"with a chance of {min(plan.power for plan in plans):.0%}, if the arms are equally good"
            return f"This list can decide on {words}: it shows no loss of {100 * rule.margin:g} points {chance}."
        readings = max(plan.readings_needed or 0 for plan in plans)
        drafts = min(min(plan.people, plan.reference_people) for plan in plans)
        share = f"no loss of {100 * rule.readings_margin:g} points in the share that readers would send as it stands"
        if readings <= drafts:
            return f"This list cannot decide on {words}; {readings:,} blind readings per arm can show {share}."
        too_few = f"it takes {readings:,} per arm to show {share}, and an arm has {drafts:,} people"
        return f"This list cannot decide on {words}, nor by blind readings: {too_few}."


def planned(
    rule: AbRule,
    sizes: Mapping[str, ArmSize],
    rates: Mapping[LiveMetric, float],
    *,
    delivered: float,
    send: SendSettings | None,
) -> PlannedTest:
    """The plan for arms of these sizes, if so large a share of them is reached and the reference has these rates.

    All people of a company are taken to answer alike, as the verdict does until it can measure it.
    """
    counted, answering = (1.0, delivered) if rule.per is RateBase.ENROLLED else (delivered, 1.0)
    people = {arm: max(1, round(size.people * counted)) for arm, size in sizes.items()}
    everybody, companies = sum(size.people for size in sizes.values()), sum(size.companies for size in sizes.values())
    a_company = max(1.0, everybody / max(1, companies))
    lines = [
        PlannedLine(metric, plan)
        for metric, rate in rates.items()
        for plan in plan_test(
            rule.model_copy(update={"metric": metric}), people, rule.reference, rate * answering, a_company
        )
    ]
    return PlannedTest(rule, lines, None if send is None else weeks_of_sending(round(everybody * delivered), send))


def weeks_of_sending(people: int, send: SendSettings) -> int:
    """Weeks in which the mailboxes, at their caps, send everybody the first email and each follow-up."""
    left, days = people * (1 + len(send.follow_ups)), 0
    while left > 0:
        left -= sum(_day_of(mailbox, send, days) for mailbox in send.mailboxes.values())
        days += 1
    return -(-days // len(send.hours.days))


def _day_of(mailbox: Mailbox, send: SendSettings, days_sent: int) -> int:
    """What a mailbox may send on one day, within the recipients' hours."""
    hours = send.hours.closes.hour - send.hours.opens.hour + (send.hours.closes.minute - send.hours.opens.minute) / 60
    return max(1, min(day_cap(mailbox.per_day, mailbox.ramp_up, days_sent), int(mailbox.per_hour * hours)))

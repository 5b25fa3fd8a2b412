"""Adds up what became of people into the counts of an arm."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from miniatures.datamodel.verdict import Guardrail, LiveMetric, RateBase
from miniatures.delivery.outcomes import PersonOutcome
from miniatures.delivery.reactions import Reactions
from miniatures.measure.live.counts import ArmCounts
from miniatures.measure.non_inferiority import design_effect

WHENEVER = timedelta.max

_MOMENTS: Mapping[LiveMetric | Guardrail, Callable[[Reactions], datetime | None]] = {
    LiveMetric.OPENED: lambda did: did.opened_at,
    LiveMetric.CLICKED: lambda did: did.clicked_at,
    LiveMetric.REPLIED: lambda did: did.replied_at,
    LiveMetric.POSITIVE: lambda did: did.positive_at,
    Guardrail.UNSUBSCRIBED: lambda did: did.unsubscribed_at,
    Guardrail.COMPLAINED: lambda did: did.complained_at,
}


def arm_counts(arm: str, people: Sequence[PersonOutcome], per: RateBase, within: timedelta = WHENEVER) -> ArmCounts:
    """The counts of one arm's people, with what came of each email within this time since it was sent.

    `per` is what the rates of the verdict are of: how alike the people of one company are is measured among those.
    """
    sent = [one for one in people if one.sent_at is not None]
    delivered = [one for one in sent if is_delivered(one, within)]
    did = {metric: [_within(one, moment(one.did), within) for one in delivered] for metric, moment in _MOMENTS.items()}
    bounced = [not is_delivered(one, within) for one in sent]
    costs = [one.cost_usd for one in people]
    return ArmCounts(
        arm=arm,
        enrolled=len(people),
        drafted=sum(one.drafted for one in people),
        ready=sum(one.ready for one in people),
        reviewed=sum(one.decided for one in people),
        rejected=sum(one.rejected for one in people),
        edited=sum(one.edited for one in people),
        approved=sum(one.approved for one in people),
        sent=len(sent),
        delivered=len(delivered),
        bounced=sum(bounced),
        opened_low=sum(did[LiveMetric.OPENED]),
        opened_high=sum(_within(one, one.did.perhaps_opened_at, within) for one in delivered),
        clicked=sum(did[LiveMetric.CLICKED]),
        replied=sum(did[LiveMetric.REPLIED]),
        positive=sum(did[LiveMetric.POSITIVE]),
        unsubscribed=sum(did[Guardrail.UNSUBSCRIBED]),
        complained=sum(did[Guardrail.COMPLAINED]),
        cost_usd=None if None in costs else sum(cost for cost in costs if cost is not None),
        companies=len({one.company for one in people}),
        companies_reached=len({one.company for one in delivered}),
        design_effects=_effects(did, delivered, people, per) | _effect(Guardrail.BOUNCED, bounced, sent),
    )


def is_delivered(one: PersonOutcome, within: timedelta = WHENEVER) -> bool:
    """Whether the first email was sent and did not come back within this time."""
    return one.sent_at is not None and not _within(one, one.did.bounced_at, within)


def _within(one: PersonOutcome, moment: datetime | None, time: timedelta) -> bool:
    return moment is not None and one.sent_at is not None and moment - one.sent_at <= time


def _effects(
    did: Mapping[LiveMetric | Guardrail, Sequence[bool]],
    delivered: Sequence[PersonOutcome],
    people: Sequence[PersonOutcome],
    per: RateBase,
) -> dict[LiveMetric | Guardrail, float]:
    """The design effect of each thing that people do, among those whom its rate is of."""
    of_delivered = per is RateBase.DELIVERED
    effects: dict[LiveMetric | Guardrail, float] = {}
    others = [] if of_delivered else _others(people, delivered)
    for metric, values in did.items():
        if of_delivered or isinstance(metric, Guardrail):
            effects |= _effect(metric, values, delivered)
        else:
            effects |= _effect(metric, [*values, *(False for _ in others)], [*delivered, *others])
    return effects


def _others(people: Sequence[PersonOutcome], delivered: Sequence[PersonOutcome]) -> list[PersonOutcome]:
    reached = {one.prospect for one in delivered}
    return [one for one in people if one.prospect not in reached]


def _effect(
    metric: LiveMetric | Guardrail, values: Sequence[bool], people: Sequence[PersonOutcome]
) -> dict[LiveMetric | Guardrail, float]:
    """Nothing where there is nobody."""
    if not values:
        return {}
    return {metric: design_effect([float(value) for value in values], [one.company for one in people])}

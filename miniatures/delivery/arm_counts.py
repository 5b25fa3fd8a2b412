"""Adds up what became of people into the counts of an arm."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from miniatures.datamodel.verdict import Guardrail, LiveMetric, RateBase
from miniatures.delivery.outcomes import PersonOutcome
from miniatures.delivery.reactions import NOTHING, Reactions
from miniatures.measure.live.counts import ArmCounts
from miniatures.measure.non_inferiority import design_effect_of_counts

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
    moved = [one for one in delivered if one.did is not NOTHING]
    did = {what: [one for one in moved if _within(one, at(one.did), within)] for what, at in _MOMENTS.items()}
    bounced = [one for one in sent if one.did is not NOTHING and _within(one, one.did.bounced_at, within)]
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
        bounced=len(bounced),
        opened_low=len(did[LiveMetric.OPENED]),
        opened_high=sum(_within(one, one.did.perhaps_opened_at, within) for one in moved),
        clicked=len(did[LiveMetric.CLICKED]),
        clicked_high=sum(_within(one, one.did.perhaps_clicked_at, within) for one in moved),
        replied=len(did[LiveMetric.REPLIED]),
        positive=len(did[LiveMetric.POSITIVE]),
        unsubscribed=len(did[Guardrail.UNSUBSCRIBED]),
        complained=len(did[Guardrail.COMPLAINED]),
        cost_usd=None if None in costs else sum(cost for cost in costs if cost is not None),
        companies=len({one.company for one in people}),
        companies_reached=len({one.company for one in delivered}),
        design_effects=_effects(did, delivered, people if per is RateBase.ENROLLED else delivered)
        | _effects({Guardrail.BOUNCED: bounced}, sent, sent),
    )


def is_delivered(one: PersonOutcome, within: timedelta = WHENEVER) -> bool:
    """Whether the first email was sent and did not come back within this time, for whatever reason."""
    if one.did is NOTHING:
        return one.sent_at is not None
    came_back = (one.did.bounced_at, one.did.turned_away_at)
    return one.sent_at is not None and not any(_within(one, moment, within) for moment in came_back)


def _within(one: PersonOutcome, moment: datetime | None, time: timedelta) -> bool:
    return moment is not None and one.sent_at is not None and moment - one.sent_at <= time


def _effects(
    did: Mapping[LiveMetric | Guardrail, Sequence[PersonOutcome]],
    reached: Sequence[PersonOutcome],
    base: Sequence[PersonOutcome],
) -> dict[LiveMetric | Guardrail, float]:
    """The design effect of each thing that people do, where there is anybody whom its rate is of.

    A metric's rate is of the `base`, harm is of those whom an email `reached`.
    """
    of_base, of_reached = _companies(base), _companies(reached)
    sizes = {what: of_reached if isinstance(what, Guardrail) else of_base for what in did}
    return {what: design_effect_of_counts(_companies(mine), sizes[what]) for what, mine in did.items() if sizes[what]}


def _companies(people: Iterable[PersonOutcome]) -> Counter[str]:
    """How many people there are of each company."""
    return Counter([one.company for one in people])

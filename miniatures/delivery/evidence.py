"""Counts the people of each arm, so that `measure.live` can say what is known of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from miniatures.datamodel.arms import AbRule
from miniatures.datamodel.errors import InputError
from miniatures.datamodel.review import ReadingVerdict, Review
from miniatures.datamodel.verdict import Guardrail, LiveMetric, Look
from miniatures.delivery.outcomes import PersonOutcome, outcomes
from miniatures.inputs.campaign import LoadedCampaign
from miniatures.measure.live.counts import ArmCounts
from miniatures.measure.live.readers import ReadingCounts
from miniatures.measure.live.verdict import LiveEvidence
from miniatures.measure.non_inferiority import design_effect
from miniatures.store.store import Store

_STRICTEST = (ReadingVerdict.REJECT, ReadingVerdict.EDIT, ReadingVerdict.SEND)
_ALWAYS = timedelta.max

Moments = Callable[[PersonOutcome], datetime | None]

_METRICS: Mapping[LiveMetric | Guardrail, Moments] = {
    LiveMetric.OPENED: lambda one: one.opened_at,
    LiveMetric.CLICKED: lambda one: one.clicked_at,
    LiveMetric.REPLIED: lambda one: one.replied_at,
    LiveMetric.POSITIVE: lambda one: one.positive_at,
    Guardrail.BOUNCED: lambda one: one.bounced_at,
    Guardrail.UNSUBSCRIBED: lambda one: one.unsubscribed_at,
    Guardrail.COMPLAINED: lambda one: one.complained_at,
}


def live_evidence(loaded: LoadedCampaign, store: Store, rule: AbRule, now: datetime) -> LiveEvidence:
    """All that a verdict on the campaign's arms rests on, as of now.

    Raises:
        InputError: the campaign has no arms, or nobody is enrolled yet.
    """
    test = store.mail.enrolments.test(loaded.name)
    if test is None or not loaded.campaign.arms:
        raise InputError(f"the campaign {loaded.name} compares no arms yet", hint="Name `arms` in its file and run it.")
    people = outcomes(store, loaded.name)
    by_arm = {arm: [one for one in people if one.arm == arm] for arm in test.shares}
    settled = {arm: _settled(mine, rule, now) for arm, mine in by_arm.items()}
    within = timedelta(days=rule.answer_days)
    return LiveEvidence(
        reference=rule.reference,
        shares=test.shares,
        settled={arm: arm_counts(arm, mine, within) for arm, mine in settled.items()},
        so_far={arm: arm_counts(arm, mine) for arm, mine in by_arm.items()},
        gateways=_gateways(people),
        readings=_readings(store.reviews(loaded.name), {one.prospect: one for one in people}),
    )


def arm_counts(arm: str, people: Sequence[PersonOutcome], within: timedelta = _ALWAYS) -> ArmCounts:
    """The counts of one arm's people, with what they did within this time since their email was sent."""
    delivered = [one for one in people if _is_delivered(one)]
    did = {metric: [_within(one, moment(one), within) for one in delivered] for metric, moment in _METRICS.items()}
    perhaps = [_within(one, one.perhaps_opened_at, within) for one in delivered]
    companies = [one.company for one in delivered]
    costs = [one.cost_usd for one in people]
    return ArmCounts(
        arm=arm,
        enrolled=len(people),
        drafted=sum(one.drafted for one in people),
        ready=sum(one.ready for one in people),
        reviewed=sum(one.decided and one.drafted for one in people),
        rejected=sum(one.rejected and one.drafted for one in people),
        edited=sum(one.edited and one.approved for one in people),
        approved=sum(one.approved and one.drafted for one in people),
        sent=sum(one.sent_at is not None for one in people),
        delivered=len(delivered),
        bounced=sum(one.sent_at is not None and one.bounced_at is not None for one in people),
        opened_low=sum(did[LiveMetric.OPENED]),
        opened_high=sum(perhaps),
        clicked=sum(did[LiveMetric.CLICKED]),
        replied=sum(did[LiveMetric.REPLIED]),
        positive=sum(did[LiveMetric.POSITIVE]),
        unsubscribed=sum(did[Guardrail.UNSUBSCRIBED]),
        complained=sum(did[Guardrail.COMPLAINED]),
        cost_usd=None if None in costs else sum(cost for cost in costs if cost is not None),
        companies=len({one.company for one in people}),
        companies_reached=len(set(companies)),
        design_effects={metric: _effect(values, companies) for metric, values in did.items() if values},
    )


def _is_delivered(one: PersonOutcome) -> bool:
    return one.sent_at is not None and one.bounced_at is None


def _within(one: PersonOutcome, moment: datetime | None, time: timedelta) -> bool:
    return moment is not None and one.sent_at is not None and moment - one.sent_at <= time


def _effect(values: Sequence[bool], companies: Sequence[str]) -> float:
    return design_effect([float(value) for value in values], companies)


def _settled(people: Sequence[PersonOutcome], rule: AbRule, now: datetime) -> list[PersonOutcome]:
    """Those whose time to answer is over; with one look, the first so many of them."""
    over = [one for one in people if one.sent_at is not None and now - one.sent_at >= timedelta(days=rule.answer_days)]
    if rule.look is Look.DAILY:
        return over
    return sorted(over, key=lambda one: (one.sent_at, one.prospect))[: rule.min_per_arm]


def _gateways(people: Iterable[PersonOutcome]) -> dict[str, dict[str, int]]:
    """The companies reached behind each mail provider, by arm."""
    found: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for one in people:
        if _is_delivered(one) and one.provider:
            found[one.provider][one.arm].add(one.company)
    return {provider: {arm: len(companies) for arm, companies in arms.items()} for provider, arms in found.items()}


def _readings(reviews: Iterable[Review], people: Mapping[str, PersonOutcome]) -> list[ReadingCounts]:
    """Blind readings of each arm's drafts: of several readers of one draft the strictest counts."""
    strictest: dict[str, tuple[ReadingVerdict, PersonOutcome]] = {}
    for review in reviews:
        person = people.get(review.prospect or "")
        if review.reading is None or review.draft is None or person is None:
            continue
        verdict = review.reading.verdict
        before = strictest.get(review.draft, (verdict, person))[0]
        strictest[review.draft] = (min(verdict, before, key=_STRICTEST.index), person)
    read = list(strictest.values())
    return [_reading_counts(arm, [one for one in read if one[1].arm == arm]) for arm in {one.arm for _, one in read}]


def _reading_counts(arm: str, read: Sequence[tuple[ReadingVerdict, PersonOutcome]]) -> ReadingCounts:
    said = [verdict for verdict, _ in read]
    return ReadingCounts(
        arm=arm,
        send=said.count(ReadingVerdict.SEND),
        edit=said.count(ReadingVerdict.EDIT),
        reject=said.count(ReadingVerdict.REJECT),
        companies=len({person.company for _, person in read}),
    )

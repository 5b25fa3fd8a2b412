"""Puts together what a verdict on a campaign's arms rests on, so that `measure.live` can say what is known."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from miniatures.datamodel.arms import UNKNOWN_GATEWAY, AbRule, AbTest
from miniatures.datamodel.review import ReadingVerdict, Review, ReviewAction, in_order
from miniatures.datamodel.verdict import RateBase
from miniatures.delivery.arm_counts import arm_counts, is_delivered
from miniatures.delivery.outcomes import PersonOutcome
from miniatures.delivery.settled import settled
from miniatures.measure.live.readers import ReadingCounts
from miniatures.measure.live.verdict import LiveEvidence

_STRICTEST_FIRST = (ReadingVerdict.REJECT, ReadingVerdict.EDIT, ReadingVerdict.SEND)


def live_evidence(
    people: Sequence[PersonOutcome],
    test: AbTest,
    rule: AbRule,
    now: datetime,
    *,
    reviews: Iterable[Review] = (),
    stopped: Collection[str] = (),
) -> LiveEvidence:
    """The evidence as of now. Arms that were stopped are left out, and the shares of the others raised."""
    shares = shares_left(test, stopped)
    within, by_arm = timedelta(days=rule.answer_days), _by_arm(people, shares)
    counted = _by_arm(settled(people, rule, shares, now), shares)
    return LiveEvidence(
        reference=rule.reference,
        shares=shares,
        settled={arm: arm_counts(arm, mine, rule.per, within) for arm, mine in counted.items()},
        so_far={arm: arm_counts(arm, mine, rule.per) for arm, mine in by_arm.items()},
        gateways=_gateways(people, rule, shares),
        readings=reading_counts(reviews, people, shares),
    )


def shares_left(test: AbTest, stopped: Collection[str]) -> dict[str, float]:
    """The shares of the arms that were not stopped, adding up to 1; none if all were."""
    left = {arm: share for arm, share in test.shares.items() if arm not in stopped}
    return {arm: share / sum(left.values()) for arm, share in left.items()}


def _by_arm(people: Iterable[PersonOutcome], arms: Iterable[str]) -> dict[str, list[PersonOutcome]]:
    found: dict[str, list[PersonOutcome]] = {arm: [] for arm in arms}
    for one in people:
        if one.arm in found:
            found[one.arm].append(one)
    return found


def _gateways(people: Iterable[PersonOutcome], rule: AbRule, arms: Collection[str]) -> dict[str, dict[str, int]]:
    """The companies behind each mail gateway, by arm, of those whom the rate is of; as far as somebody looked it up."""
    found: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for one in people:
        counts = rule.per is RateBase.ENROLLED or is_delivered(one)
        gateway = one.gateway if rule.per is RateBase.ENROLLED else one.provider
        if gateway not in ("", UNKNOWN_GATEWAY) and counts and one.arm in arms:
            found[gateway][one.arm].add(one.company)
    return {gateway: {arm: len(companies) for arm, companies in arms.items()} for gateway, arms in found.items()}


def reading_counts(
    reviews: Iterable[Review], people: Iterable[PersonOutcome], arms: Iterable[str]
) -> list[ReadingCounts]:
    """Blind readings of each arm's first emails. A reader's last word on a draft counts, and of several readers the
    strictest."""
    by_key = {one.prospect: one for one in people}
    last: dict[tuple[str, str], Review] = {}
    for review in in_order(one for one in reviews if one.action is ReviewAction.READ and one.step == 0):
        if review.draft is not None and review.prospect in by_key:
            last[review.draft, review.reviewer] = review
    said: dict[str, list[Review]] = defaultdict(list)
    for (draft, _), review in last.items():
        said[draft].append(review)
    return [found for arm in arms if (found := _reading_counts(arm, said.values(), by_key))]


def _reading_counts(
    arm: str, drafts: Iterable[Sequence[Review]], people: Mapping[str, PersonOutcome]
) -> ReadingCounts | None:
    """What was said of one arm's drafts; None if none was read."""
    mine = [read for read in drafts if people[read[0].prospect or ""].arm == arm]
    verdicts = [_strictest(read) for read in mine]
    if not verdicts:
        return None
    return ReadingCounts(
        arm=arm,
        send=verdicts.count(ReadingVerdict.SEND),
        edit=verdicts.count(ReadingVerdict.EDIT),
        reject=verdicts.count(ReadingVerdict.REJECT),
        companies=len({people[read[0].prospect or ""].company for read in mine}),
    )


def _strictest(read: Iterable[Review]) -> ReadingVerdict:
    return min((one.reading.verdict for one in read if one.reading), key=_STRICTEST_FIRST.index)

"""Whose answer is in: the people that a verdict may rest on, chosen by what is the same for every arm.

Whoever got their email lately may still answer, so they are left out for as many days as the rule gives everybody.
Where rates are of all who are enrolled, those without an email count as well, and they are known at once while an
email takes its days: counted as they come, they would make an arm that writes to few look worse at first and not at
the end. So there the list is followed in its order, up to the first person of whom something is still to come.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import takewhile

from miniatures.datamodel.verdict import Look, RateBase, VerdictRule
from miniatures.delivery.arm_counts import is_delivered
from miniatures.delivery.outcomes import PersonOutcome


def settled(
    people: Sequence[PersonOutcome], rule: VerdictRule, arms: Collection[str], now: datetime
) -> list[PersonOutcome]:
    """The people of these arms whose time to answer is over.

    With one look, those with whom every arm first had the rule's size: looking again shows the same.
    """
    mine, time = [one for one in people if one.arm in arms], timedelta(days=rule.answer_days)
    if rule.per is RateBase.ENROLLED:
        listed = sorted(mine, key=lambda one: (one.position, one.prospect))
        over = list(takewhile(lambda one: one.left_out or _is_over(one, time, now), listed))
    else:
        over = sorted((one for one in mine if _is_over(one, time, now)), key=_by_sending)
    if rule.look is Look.DAILY:
        return over
    return list(_first_enough(over, arms, rule, time))


def _is_over(one: PersonOutcome, time: timedelta, now: datetime) -> bool:
    return one.sent_at is not None and now - one.sent_at >= time


def _by_sending(one: PersonOutcome) -> tuple[datetime, str]:
    assert one.sent_at is not None
    return one.sent_at, one.prospect


def _first_enough(
    over: Iterable[PersonOutcome], arms: Collection[str], rule: VerdictRule, time: timedelta
) -> Iterator[PersonOutcome]:
    """People until every arm has its size; all if one never has."""
    counted: Counter[str] = Counter()
    for one in over:
        yield one
        counted[one.arm] += rule.per is RateBase.ENROLLED or is_delivered(one, time)
        if all(counted[arm] >= rule.min_per_arm for arm in arms):
            return

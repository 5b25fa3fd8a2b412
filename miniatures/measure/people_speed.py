"""How fast people get through drafts, and how much of the model's text they leave: what a draft still costs a person.

A decision that was taken back does not count, and neither does one about a draft that nobody read.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable
from dataclasses import dataclass
from statistics import fmean, median

from miniatures.datamodel.review import Review, ReviewAction, that_stand


@dataclass(frozen=True)
class Speed:
    """The decisions of one reviewer, or of all. Undefined numbers are null: what nobody measured is no zero.

    `drafts` were decided about. `seconds` is the median over the `timed` decisions, those that were thought better of
    since among them. `edited` is the share of the drafts that were edited. `survived` is the share of the model's words
    that is left in the emails that were approved: all of an accepted one, and of an edited one what was not changed.
    """

    drafts: int = 0
    timed: int = 0
    seconds: float | None = None
    edited: float | None = None
    survived: float | None = None


@dataclass(frozen=True)
class PeopleSpeed:
    """By reviewer, in the order of their names, and in all: there a draft counts once for each who decided about it."""

    total: Speed
    by_reviewer: dict[str, Speed]


def people_speed(reviews: Iterable[Review]) -> PeopleSpeed:
    """How the decisions among these reviews went; comparisons and readings decide nothing."""
    said: dict[str, list[Review]] = {}
    for review in that_stand(reviews):
        if review.action.settles and not review.unread:
            said.setdefault(review.reviewer, []).append(review)
    return PeopleSpeed(
        _speed([review for theirs in said.values() for review in theirs]),
        {name: _speed(said[name]) for name in sorted(said)},
    )


def _speed(decisions: list[Review]) -> Speed:
    last: dict[Hashable, Review] = {(one.reviewer, one.draft or one.trace): one for one in decisions}
    seconds = [one.seconds for one in decisions if one.seconds is not None]
    survived = [left for left in map(_left, last.values()) if left is not None]
    edits = sum(one.action is ReviewAction.EDIT for one in last.values())
    return Speed(
        drafts=len(last),
        timed=len(seconds),
        seconds=median(seconds) if seconds else None,
        edited=edits / len(last) if last else None,
        survived=_mean(survived),
    )


def _left(decision: Review) -> float | None:
    """How much of the model's text an approval left; null for a refusal, and where the change was not measured."""
    match decision.action:
        case ReviewAction.ACCEPT:
            return 1.0
        case ReviewAction.EDIT if decision.edit_distance is not None:
            return 1.0 - decision.edit_distance
        case _:
            return None


def _mean(numbers: Collection[float]) -> float | None:
    return fmean(numbers) if numbers else None

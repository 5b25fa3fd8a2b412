"""Adds up comparisons: how often the answers of one side were preferred to those of the other, by whom."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from miniatures.datamodel.frozen import Frozen
from miniatures.datamodel.miniature import Score
from miniatures.datamodel.review import Preference, Review, ReviewAction, in_order
from miniatures.measure.statistics import wilson

TOGETHER = "all of them"


class PreferenceShares(Frozen):
    """What one reviewer preferred, or all together: then each pair counts once, by their majority, a split as a tie."""

    first: str
    second: str
    reviewer: str
    won: int
    ties: int
    lost: int
    share: Score
    """Of the pairs that were decided, those that the first side won; with its Wilson interval."""

    @property
    def pairs(self) -> int:
        """How many pairs were compared."""
        return self.won + self.ties + self.lost


def last_comparisons(reviews: Iterable[Review]) -> list[Review]:
    """Each reviewer's last word on each pair, as they were made: who chooses again has changed their mind."""
    last: dict[tuple[str, frozenset[str | None]], Review] = {}
    for review in in_order(reviews):
        if review.action is ReviewAction.COMPARE:
            key = review.reviewer, frozenset((review.trace, review.other_trace))
            last.pop(key, None)
            last[key] = review
    return list(last.values())


def preference_shares(reviews: Iterable[Review], sides: Mapping[str, str]) -> list[PreferenceShares]:
    """A row for each two sides and each reviewer, by name, and one for all where several compared.

    Args:
        reviews: of each reviewer the last word on a pair counts.
        sides: whose answer each one is, by the trace that a review has; pairs of one side, or of none that is known,
            are left out.
    """
    votes: dict[tuple[str, str], dict[str, dict[frozenset[str], int]]] = defaultdict(lambda: defaultdict(dict))
    for review in last_comparisons(reviews):
        answers = review.trace, review.other_trace or ""
        first, second = (sides.get(answer, "") for answer in answers)
        if first and second and first != second:
            pair = (first, second) if first < second else (second, first)
            votes[pair][review.reviewer][frozenset(answers)] = _vote(review.preference, turned=first > second)
    return [row for pair, said in sorted(votes.items()) for row in _rows(pair, said)]


def _rows(pair: tuple[str, str], said: Mapping[str, Mapping[frozenset[str], int]]) -> list[PreferenceShares]:
    rows = [_row(pair, reviewer, votes.values()) for reviewer, votes in sorted(said.items())]
    if len(said) > 1:
        together: dict[frozenset[str], int] = defaultdict(int)
        for votes in said.values():
            for answers, vote in votes.items():
                together[answers] += vote
        rows.append(_row(pair, TOGETHER, together.values()))
    return rows


def _row(pair: tuple[str, str], reviewer: str, votes: Iterable[int]) -> PreferenceShares:
    counted = list(votes)
    won, lost = sum(vote > 0 for vote in counted), sum(vote < 0 for vote in counted)
    return PreferenceShares(
        first=pair[0],
        second=pair[1],
        reviewer=reviewer,
        won=won,
        ties=len(counted) - won - lost,
        lost=lost,
        share=wilson(won, won + lost),
    )


def _vote(preference: Preference | None, *, turned: bool) -> int:
    """1 if the first side of the row won, -1 if the second did, 0 for a tie."""
    match preference:
        case Preference.FIRST:
            return -1 if turned else 1
        case Preference.SECOND:
            return 1 if turned else -1
        case _:
            return 0

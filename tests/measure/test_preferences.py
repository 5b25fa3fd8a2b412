"""Comparisons are added up by whose answers they were about, each reviewer's last word on a pair."""

from __future__ import annotations

import pytest

from miniatures.datamodel.review import Preference, Review, ReviewAction
from miniatures.measure.preferences import TOGETHER, last_comparisons, preference_shares

SIDES = {"s1": "student", "s2": "student", "s3": "student", "t1": "teacher", "t2": "teacher", "t3": "teacher"}
FIRST, SECOND, TIE = Preference.FIRST, Preference.SECOND, Preference.TIE


def compared(first: str, second: str, preference: Preference, reviewer: str = "ada") -> Review:
    return Review(
        reviewer=reviewer,
        trace=first,
        other_trace=second,
        answer={},
        other_answer={},
        action=ReviewAction.COMPARE,
        preference=preference,
    )


def test_wins_and_ties_are_counted_by_side_whichever_answer_the_review_has_first() -> None:
    reviews = [compared("s1", "t1", SECOND), compared("t2", "s2", FIRST), compared("s3", "t3", TIE)]
    [row] = preference_shares(reviews, SIDES)
    assert (row.first, row.second, row.reviewer) == ("student", "teacher", "ada")
    assert (row.pairs, row.won, row.ties, row.lost) == (3, 0, 1, 2)
    assert (row.share.passed, row.share.total) == (0, 2)
    assert row.share.high == pytest.approx(0.658, abs=1e-3)


def test_a_reviewers_last_word_on_a_pair_counts() -> None:
    reviews = [compared("s1", "t1", FIRST), compared("s2", "t2", TIE), compared("t1", "s1", FIRST)]
    assert last_comparisons(reviews) == reviews[1:]
    [row] = preference_shares(reviews, SIDES)
    assert (row.won, row.ties, row.lost) == (0, 1, 1)


def test_together_each_pair_counts_once_and_a_split_is_a_tie() -> None:
    said = {"ada": FIRST, "ben": FIRST, "cleo": SECOND}
    reviews = [compared("s1", "t1", preference, reviewer) for reviewer, preference in said.items()]
    reviews += [compared("s2", "t2", FIRST, "ada"), compared("s2", "t2", SECOND, "ben")]
    rows = preference_shares(reviews, SIDES)
    assert [(row.reviewer, row.won, row.ties, row.lost) for row in rows] == [
        ("ada", 2, 0, 0),
        ("ben", 1, 0, 1),
        ("cleo", 0, 0, 1),
        (TOGETHER, 1, 1, 0),
    ]


def test_answers_of_one_side_or_of_nobody_known_are_left_out() -> None:
    reviews = [compared("s1", "s2", FIRST), compared("s1", "gone", FIRST)]
    assert preference_shares(reviews, SIDES) == []
    assert preference_shares([], SIDES) == []


def test_without_a_decided_pair_the_share_is_unknown() -> None:
    [row] = preference_shares([compared("s1", "t1", TIE)], SIDES)
    assert (row.share.share, row.share.low, row.share.high) == (None, 0.0, 1.0)

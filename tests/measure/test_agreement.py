"""Agreement against numbers from the literature and against its definition."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miniatures.datamodel.review import Reading, ReadingVerdict, Review
from miniatures.measure.agreement import Agreement, agreement, reviewer_agreement

ANSWER = {"subject": "a", "body": "b"}


def review(reviewer: str, trace: str, action: str, **fields: object) -> Review:
    plain = {"reviewer": reviewer, "trace": trace, "action": action, "answer": ANSWER, "edited": ANSWER}
    return Review.model_validate(plain | {"reason": "other"} | fields)


def test_cohens_kappa_of_a_known_table():
    """Two readers, 50 grant proposals: 20 both yes, 15 both no, 5 and 10 apart; kappa 0.4 (share 0.7, chance 0.5)."""
    pairs = [("yes", "yes")] * 20 + [("yes", "no")] * 5 + [("no", "yes")] * 10 + [("no", "no")] * 15
    found = agreement(*zip(*pairs, strict=True))
    assert (found.n, found.share) == (50, 0.7)
    assert found.kappa == pytest.approx(0.4)
    assert found.kappa_low == pytest.approx(0.1511, abs=1e-4)
    assert found.kappa_high == pytest.approx(0.6489, abs=1e-4)


labels = st.sampled_from(["accept", "edit", "reject"])


@given(st.lists(st.tuples(labels, labels)))
def test_kappa_is_agreement_beyond_chance_by_its_definition(pairs):
    found = agreement([one for one, _ in pairs], [other for _, other in pairs])
    assert found.n == len(pairs)
    numbers = (found.share, found.kappa, found.kappa_low, found.kappa_high)
    assert all(number is None or math.isfinite(number) for number in numbers)
    if not pairs:
        assert found == Agreement(0)
        return
    seen = found.share
    firsts, seconds = zip(*pairs, strict=True)
    chance = sum(firsts.count(label) * seconds.count(label) for label in set(firsts)) / len(pairs) ** 2
    if chance == 1:
        assert found.kappa is None
    else:
        assert found.kappa == pytest.approx((seen - chance) / (1 - chance))


def test_lists_of_different_length_are_refused():
    with pytest.raises(ValueError, match="argument 2"):
        agreement(["a"], [])


def test_reviewers_are_compared_on_what_both_read_and_by_their_last_word():
    reviews = [
        *(review("ada", f"t{number}", "accept") for number in range(4)),
        review("ben", "t0", "reject"),
        review("ben", "t0", "accept"),
        review("ben", "t1", "reject"),
        review("ben", "t2", "accept"),
        review("ben", "t9", "reject"),
        review("cleo", "t99", "accept"),
    ]
    [found] = reviewer_agreement(reviews)
    assert found.reviewers == ("ada", "ben")
    assert (found.verdicts.n, found.verdicts.share) == (3, pytest.approx(2 / 3))
    assert found.verdicts.kappa == pytest.approx(0)
    assert found.preferences == Agreement(0)


def test_a_reading_is_no_verdict_and_takes_none_back():
    reading = Reading(verdict=ReadingVerdict.SEND)
    reviews = [review("ada", "t", "accept"), review("ben", "t", "accept"), review("ben", "t", "read", reading=reading)]
    [found] = reviewer_agreement(reviews)
    assert (found.verdicts.n, found.verdicts.share) == (1, 1)
    assert reviewer_agreement([reviews[0], reviews[2]]) == []


def test_an_edited_draft_is_another_answer():
    reviews = [
        review("ada", "t", "accept", draft="t"),
        review("ada", "t", "reject", draft="edited"),
        review("ben", "t", "accept", draft="t"),
    ]
    [found] = reviewer_agreement(reviews)
    assert (found.verdicts.n, found.verdicts.share) == (1, 1)


def test_a_comparison_is_the_same_whichever_answer_the_record_names_first():
    def choice(reviewer: str, traces: str, preference: str) -> Review:
        first, second = traces
        fields = {"other_trace": second, "other_answer": ANSWER, "preference": preference}
        return review(reviewer, first, "compare", **fields)

    reviews = [
        choice("ada", "ab", "first"),
        choice("ben", "ba", "second"),
        choice("ada", "cd", "second"),
        choice("ben", "cd", "first"),
        choice("ada", "ef", "tie"),
        choice("ben", "fe", "tie"),
    ]
    [found] = reviewer_agreement(reviews)
    assert (found.preferences.n, found.preferences.share) == (3, pytest.approx(2 / 3))
    assert found.verdicts.n == 0

"""What a person says becomes the record that training, preference pairs and judges are made of."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from miniatures.datamodel.draft import EmailText
from miniatures.datamodel.review import (
    Falsehood,
    FalseStatement,
    Preference,
    Reading,
    ReadingVerdict,
    RejectReason,
    Review,
    ReviewAction,
)
from miniatures.review.email_text import UnreadableEdit, from_text, to_text
from miniatures.review.reviewing import (
    Reviewable,
    Shown,
    accept,
    compare,
    edit,
    is_swapped,
    read,
    reject,
)
from miniatures.review.rubric import rubric_version

ANSWER = {"subject": "Your depot", "body": "Hello Maya,\n\nyou opened a third depot.\n\nRobin "}
ITEM = Reviewable("trace1", ANSWER, "autumn", "maya")
OTHER = Reviewable("trace2", {"subject": "Depot three", "body": "Dear Maya"}, "autumn", "maya")


def test_an_accepted_answer_is_the_target_and_beats_nothing():
    review = accept(ITEM, "ada", " fine ")
    assert (review.target, review.preferred_over) == (ANSWER, None)
    assert (review.trace, review.campaign, review.prospect, review.role) == ("trace1", "autumn", "maya", "writer")
    assert (review.reviewer, review.comment, review.rubric) == ("ada", "fine", rubric_version())


def test_an_edit_is_the_target_and_beats_what_it_found():
    review = edit(
        ITEM, "ada", EmailText(subject="Your depot", body="Hello Maya,\n\nyou opened a fourth depot.\n\nRobin")
    )
    assert review.target == {"subject": "Your depot", "body": "Hello Maya,\n\nyou opened a fourth depot.\n\nRobin"}
    assert review.preferred_over == ANSWER
    assert review.edit_distance == pytest.approx(1 / 11)


@given(st.builds(EmailText, subject=st.text(min_size=1).filter(str.strip), body=st.text(min_size=1).filter(str.strip)))
def test_an_answer_saved_as_it_was_shown_is_accepted_as_it_stood(email):
    item = Reviewable("trace", email.model_dump())
    review = edit(item, "ada", from_text(to_text(email)))
    assert review.action is ReviewAction.ACCEPT
    assert review.target == email.model_dump()


@pytest.mark.parametrize("edited", [EmailText(subject=" ", body="Hello"), EmailText(subject="Depot", body="\n")])
def test_an_edit_without_subject_or_body_is_refused(edited):
    with pytest.raises(UnreadableEdit):
        edit(ITEM, "ada", edited)


def test_a_rejection_gives_its_reason_and_no_target():
    review = reject(ITEM, "ada", RejectReason.TACTLESS, "a recall")
    assert (review.reason, review.comment, review.target) == (RejectReason.TACTLESS, "a recall", None)


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize("choice", list(Shown))
def test_a_choice_is_mapped_from_its_place_to_its_answer(choice, swapped):
    review = compare(ITEM, OTHER, "ada", choice, swapped=swapped)
    on_screen = (OTHER, ITEM) if swapped else (ITEM, OTHER)
    match choice:
        case Shown.LEFT:
            assert (review.target, review.preferred_over) == (on_screen[0].answer, on_screen[1].answer)
        case Shown.RIGHT:
            assert (review.target, review.preferred_over) == (on_screen[1].answer, on_screen[0].answer)
        case Shown.TIE:
            assert (review.preference, review.target, review.preferred_over) == (Preference.TIE, None, None)
    assert (review.trace, review.other_trace, review.swapped) == ("trace1", "trace2", swapped)


def test_the_place_on_the_screen_is_a_fair_coin_that_a_seed_fixes():
    pairs = [(Reviewable(f"a{number}", ANSWER), Reviewable(f"b{number}", ANSWER)) for number in range(2_000)]
    falls = [is_swapped(*pair, "ada", seed=1) for pair in pairs]
    assert falls == [is_swapped(*pair, "ada", seed=1) for pair in pairs]
    assert 900 < sum(falls) < 1_100  # 4.5 standard deviations
    for reviewer, seed in (("ben", 1), ("ada", 2)):
        same = Counter(fall == is_swapped(*pair, reviewer, seed=seed) for fall, pair in zip(falls, pairs, strict=True))
        assert 900 < same[True] < 1_100


def test_a_reading_decides_about_no_answer_and_says_what_is_false():
    found = Reading(
        verdict=ReadingVerdict.REJECT,
        false=(FalseStatement(kind=Falsehood.STALE, what="“a third depot”: it opened in 2021"),),
    )
    review = read(ITEM, "ada", found)
    assert (review.action, review.reading, review.judges) == (ReviewAction.READ, found, False)
    assert (review.target, review.preferred_over) == (None, None)


def test_a_review_says_all_that_its_action_needs():
    for action in (ReviewAction.EDIT, ReviewAction.REJECT, ReviewAction.COMPARE, ReviewAction.READ):
        with pytest.raises(ValidationError):
            Review(reviewer="ada", trace="trace1", answer=ANSWER, action=action)

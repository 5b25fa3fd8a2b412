"""What a person says becomes the record that training, preference pairs and judges are made of."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miniatures.datamodel.draft import EmailText
from miniatures.datamodel.review import Preference, RejectReason, Review, ReviewAction
from miniatures.review.email_text import UnreadableEdit, from_text, to_text
from miniatures.review.node import Review as GraphReview
from miniatures.review.reviewing import (
    Reviewable,
    Shown,
    accept,
    compare,
    edit,
    is_swapped,
    reject,
    review_from_graph,
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


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (GraphReview(action="accept"), accept(ITEM, "ada")),
        (
            GraphReview(action="edit", subject="Depot"),
            edit(ITEM, "ada", EmailText(subject="Depot", body=ANSWER["body"])),
        ),
        (GraphReview(action="edit"), accept(ITEM, "ada")),
        (GraphReview(action="reject", reason="tactless"), reject(ITEM, "ada", RejectReason.TACTLESS)),
        (GraphReview(action="reject", reason="too loud"), reject(ITEM, "ada", RejectReason.OTHER, "too loud")),
    ],
)
def test_a_graphs_review_is_the_same_record(said, expected):
    def content(review: Review) -> dict[str, object]:
        return review.model_dump(exclude={"id", "created_at"})

    assert content(review_from_graph(ITEM, "ada", said)) == content(expected)

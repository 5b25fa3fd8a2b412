"""What a draft costs a person: medians and shares of the decisions that stand, and null where nothing was measured."""

from __future__ import annotations

import pytest

from miniatures.datamodel.review import Reading, ReadingVerdict, Review
from miniatures.measure.people_speed import PeopleSpeed, Speed, people_speed

ANSWER = {"subject": "a", "body": "b"}


def review(reviewer: str, draft: str, action: str, **fields: object) -> Review:
    plain = {"reviewer": reviewer, "trace": draft, "draft": draft, "action": action, "answer": ANSWER}
    return Review.model_validate(plain | {"edited": ANSWER, "reason": "other", "comment": "a hint"} | fields)


def test_nobody_said_anything() -> None:
    assert people_speed([]) == PeopleSpeed(Speed(), {})


def test_seconds_edits_and_what_survived() -> None:
    found = people_speed(
        [
            review("ben", "1", "accept", seconds=100),
            review("ada", "1", "accept", seconds=4),
            review("ada", "2", "edit", seconds=20, edit_distance=0.25),
            review("ada", "3", "reject", seconds=6),
            review("ada", "4", "rewrite"),
        ]
    )
    assert list(found.by_reviewer) == ["ada", "ben"]
    assert found.by_reviewer["ada"] == Speed(drafts=4, timed=3, seconds=6, edited=0.25, survived=0.875)
    assert found.by_reviewer["ben"] == Speed(drafts=1, timed=1, seconds=100, edited=0, survived=1)
    assert found.total == Speed(drafts=5, timed=4, seconds=13, edited=0.2, survived=pytest.approx(2.75 / 3))


def test_what_nobody_measured_is_not_zero() -> None:
    found = people_speed([review("ada", "1", "reject"), review("ada", "2", "edit")])
    assert found.total == Speed(drafts=2, timed=0, seconds=None, edited=0.5, survived=None)


def test_the_last_word_counts_and_its_time_is_added_to_the_first() -> None:
    found = people_speed(
        [
            review("ada", "1", "accept", seconds=2),
            review("ada", "1", "edit", seconds=30, edit_distance=1.0),
        ]
    )
    assert found.total == Speed(drafts=1, timed=2, seconds=16, edited=1, survived=0)


def test_what_was_taken_back_set_aside_read_or_never_looked_at_is_no_decision() -> None:
    reading = Reading(verdict=ReadingVerdict.SEND)
    found = people_speed(
        [
            review("ada", "1", "accept", seconds=2),
            review("ada", "1", "withdraw"),
            review("ada", "2", "set_aside", seconds=9),
            review("ada", "3", "read", reading=reading),
            review("ada", "4", "accept", unread=True),
        ]
    )
    assert found == PeopleSpeed(Speed(), {})


def test_an_answer_of_no_draft_is_told_by_its_trace() -> None:
    said = [review("ada", trace, "accept").model_copy(update={"draft": None}) for trace in ("x", "y")]
    assert people_speed(said).total.drafts == 2

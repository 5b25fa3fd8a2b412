"""Readings add up: a reader's last word counts, and the strictest of several finds every fault that somebody found."""

from __future__ import annotations

from typing import Any

import pytest

from miniatures.datamodel.draft import Draft, DraftStatus
from miniatures.datamodel.miniature import SureReading
from miniatures.datamodel.result import ProspectResult
from miniatures.datamodel.review import Falsehood, FalseStatement, Reading, ReadingVerdict, Review, ReviewAction
from miniatures.measure.reading_shares import STRICTEST, readers_agreement, reading_shares, sure_readings
from miniatures.review.reviewing import Reviewable, accept, read
from tests.checks.cases import PROSPECT, evidence

STALE = (FalseStatement(kind=Falsehood.STALE, what="it was in May"),)


def said(reader: str, draft: str, verdict: ReadingVerdict, **found: Any) -> Review:
    item = Reviewable(trace=f"t-{draft}", answer={"subject": "s", "body": "b"}, campaign="c", draft=draft)
    return read(item, reader, Reading(verdict=verdict, **found))


def test_each_reader_has_a_row_and_the_strictest_one() -> None:
    reviews = [
        said("ada", "1", ReadingVerdict.REJECT),
        said("ada", "1", ReadingVerdict.SEND),
        said("ada", "2", ReadingVerdict.EDIT, subject="odd"),
        said("bo", "1", ReadingVerdict.REJECT, false=STALE, sense="nonsense"),
        said("bo", "3", ReadingVerdict.SEND, choice="poor", tactless=True),
    ]
    ada, bo, strictest = reading_shares(reviews)
    assert (ada.reader, bo.reader, strictest.reader) == ("ada", "bo", STRICTEST)
    assert [(one.sent.passed, one.sent.total) for one in (ada, bo, strictest)] == [(1, 2), (1, 2), (1, 3)]
    assert [one.sent_or_edited.passed for one in (ada, bo, strictest)] == [2, 1, 2]
    faults = (strictest.false, strictest.nonsense, strictest.odd_subject, strictest.poor_choice, strictest.tactless)
    assert [score.passed for score in faults] == [1, 1, 1, 1, 1]
    assert ada.sent.low == pytest.approx(0.0945, abs=1e-3), "Wilson, 1 of 2"


def test_one_reader_is_their_own_strictest() -> None:
    assert [one.reader for one in reading_shares([said("ada", "1", ReadingVerdict.SEND)])] == ["ada"]


def test_agreement_is_on_the_drafts_that_both_read() -> None:
    reviews = [
        said("ada", "1", ReadingVerdict.SEND),
        said("ada", "2", ReadingVerdict.SEND),
        said("bo", "1", ReadingVerdict.SEND),
        said("bo", "2", ReadingVerdict.REJECT),
        said("bo", "3", ReadingVerdict.REJECT),
    ]
    (agreed,) = readers_agreement(reviews)
    assert (agreed.readers, agreed.verdicts.n, agreed.verdicts.share) == (("ada", "bo"), 2, 0.5)


def test_of_what_was_read_it_is_told_how_sure_the_researcher_was() -> None:
    sure = [result_of("1", 0.9), result_of("2", 0.4), result_of("3", 0.7), result_of("4", None)]
    reviews = [
        said("ada", "1", ReadingVerdict.SEND),
        said("ada", "2", ReadingVerdict.REJECT),
        said("bo", "2", ReadingVerdict.REJECT, false=STALE),
        said("bo", "4", ReadingVerdict.SEND),
    ]
    assert sure_readings(sure, reviews) == [SureReading(sure=0.9, false=False), SureReading(sure=0.4, false=True)]


def result_of(draft: str, sure: float | None) -> ProspectResult:
    fact = evidence().model_copy(update={"sure": sure})
    written = Draft(id=draft, subject="s", body="b", evidence=(fact,), status=DraftStatus.READY, backend="placed")
    return ProspectResult(campaign="c", prospect=PROSPECT, status=DraftStatus.READY, draft=written)


def test_reviews_that_are_no_readings_count_for_nothing() -> None:
    item = Reviewable(trace="t", answer={"subject": "s", "body": "b"}, draft="1")
    assert accept(item, "ada").action is ReviewAction.ACCEPT
    assert reading_shares([accept(item, "ada")]) == []

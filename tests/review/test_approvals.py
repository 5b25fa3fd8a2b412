"""An approval is of exactly one text, and one no withdraws it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from miniatures.datamodel.draft import Draft, DraftStatus, EmailText
from miniatures.datamodel.hashing import content_hash
from miniatures.datamodel.review import Reading, ReadingVerdict, RejectReason, Review
from miniatures.review.approvals import approvals
from miniatures.review.reviewing import Reviewable, Shown, accept, compare, edit, read, reject

DRAFT = Draft(id="one", trace="call", subject="Depot", body="Hello", status=DraftStatus.READY, backend="local:small")
ITEM = Reviewable("call", DRAFT.text.model_dump(), "autumn", "maya", draft="one")
OTHER = Reviewable("call2", {"subject": "Depot", "body": "Dear Maya"}, "autumn", "maya", draft="two")
BETTER = EmailText(subject="Depot", body="Hello Maya")


def approved(*reviews: Review) -> str | None:
    found = approvals(reviews, [DRAFT]).get("one")
    return found.text_hash if found else None


def test_an_acceptance_approves_the_text_as_it_stands():
    review = accept(ITEM, "ada")
    [approval] = approvals([review], [DRAFT]).values()
    assert (approval.draft, approval.text_hash, approval.review) == ("one", DRAFT.text_hash, review.id)
    assert (approval.reviewer, approval.approved_at) == ("ada", review.created_at)


def test_an_edit_approves_the_reviewers_own_text_alone():
    assert approved(edit(ITEM, "ada", BETTER)) == DRAFT.model_copy(update=BETTER.model_dump()).text_hash


def test_of_each_reviewer_the_last_word_counts_and_one_no_is_enough():
    yes, no = accept(ITEM, "ada"), reject(ITEM, "ada", RejectReason.GENERIC)
    assert approved(yes, no) is None
    assert approved(yes, no, accept(ITEM, "ada")) == DRAFT.text_hash
    assert approved(yes, reject(ITEM, "ben", RejectReason.GENERIC)) is None


@pytest.mark.parametrize("text", [{"subject": "", "body": ""}, {"subject": "Depot", "body": " \n"}])
def test_an_edit_that_says_nothing_approves_nothing(text: dict[str, str]):
    empty = edit(ITEM, "ada", BETTER).model_copy(update={"edited": text})
    assert approved(accept(ITEM, "ben"), empty) == DRAFT.text_hash and approved(empty) is None


def test_a_moment_without_a_zone_is_put_in_order():
    """Somebody's own code, or a store edited by hand, may leave the zone out."""
    early = Review.model_validate(
        reject(ITEM, "ada", RejectReason.GENERIC).model_dump() | {"created_at": "2026-01-02T03:04"}
    )
    assert early.created_at == datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
    assert approved(accept(ITEM, "ada"), early) == DRAFT.text_hash


@pytest.mark.parametrize(("verdict", "stands"), [("send", True), ("edit", True), ("reject", False)])
def test_a_reader_who_would_not_send_it_withdraws_an_approval_and_none_gives_one(verdict: str, stands: bool):
    reading = read(ITEM, "ben", Reading(verdict=ReadingVerdict(verdict)))
    assert (approved(accept(ITEM, "ada"), reading) is not None) is stands
    assert approved(reading) is None


def test_of_several_approvals_an_edit_of_this_text_stands_else_the_newest():
    stale = Reviewable("call", {"subject": "Depot", "body": "Hello there"}, draft="one")
    assert approved(edit(ITEM, "ada", BETTER), accept(ITEM, "ben")) == content_hash(BETTER)
    assert approved(edit(ITEM, "ada", BETTER), accept(ITEM, "ben"), accept(ITEM, "ada")) == DRAFT.text_hash
    assert approved(accept(ITEM, "ben"), edit(stale, "ada", BETTER)) == DRAFT.text_hash
    assert approved(accept(ITEM, "ben"), reject(stale, "ada", RejectReason.GENERIC)) is None


@pytest.mark.parametrize(
    "review",
    [
        accept(OTHER, "ada"),
        compare(ITEM, OTHER, "ada", Shown.LEFT, swapped=False),
        accept(Reviewable("call", {"subject": "Depot", "body": "Hello there"}, draft="one"), "ada"),
    ],
    ids=["another draft", "a comparison", "another text"],
)
def test_nothing_else_approves_it(review: Any):
    assert approved(review) is None

"""A ruling follows the links: from a draft that a person wrote back to the call that it came from."""

from __future__ import annotations

from miniatures.datamodel.backend import BackendIdentity
from miniatures.datamodel.draft import EmailText
from miniatures.datamodel.review import Reading, RejectReason, Review
from miniatures.datamodel.trace import Trace
from miniatures.review.reviewing import Reviewable, accept, edit, read, reject
from miniatures.review.rulings import Ruling, Rulings, Verdict

ANSWER, BETTER = {"subject": "Depot", "body": "Hello"}, {"subject": "Depot", "body": "Hello Maya"}
CALL = Trace(
    id="call",
    run_id="run",
    campaign="autumn",
    prospect="maya",
    role="writer",
    node="write",
    backend=BackendIdentity(provider="local", model="small"),
    messages=(),
    structured=ANSWER,
)
WRITTEN = Reviewable("call", ANSWER, "autumn", "maya", draft="call")
EDITED = Reviewable("call", BETTER, "autumn", "maya", draft="edited")


def ruling(*reviews: Review) -> Ruling | None:
    return Rulings(reviews).on([CALL])


def test_an_edit_stays_one_when_its_author_accepts_the_new_draft():
    edited = edit(WRITTEN, "ada", EmailText(**BETTER))
    found = ruling(edited, accept(EDITED, "ada"))
    assert found == Ruling(Verdict.EDITED, BETTER, ANSWER, (f"review:{edited.id}:edit",))


def test_a_rejection_of_either_text_outweighs():
    found = ruling(edit(WRITTEN, "ada", EmailText(**BETTER)), reject(EDITED, "ben", RejectReason.TACTLESS))
    assert (found.verdict, found.reasons) == (Verdict.REJECTED, {RejectReason.TACTLESS})


def test_a_reviewer_who_changes_their_mind_replaces_what_they_said():
    assert ruling(reject(WRITTEN, "ada", RejectReason.GENERIC), accept(WRITTEN, "ada")).verdict is Verdict.ACCEPTED


def test_neither_a_reading_nor_equal_words_elsewhere_rule():
    elsewhere = Reviewable("another", ANSWER, "autumn", "maya", draft="another")
    assert ruling(accept(elsewhere, "ada"), read(WRITTEN, "ben", Reading(verdict="reject"))) is None

"""What reviews say together of one answer: the last words count, a rejection first, and a reading decides nothing."""

from __future__ import annotations

from miniatures.datamodel.backend import BackendIdentity
from miniatures.datamodel.draft import EmailText
from miniatures.datamodel.review import Reading, ReadingVerdict, RejectReason, Review
from miniatures.datamodel.trace import Trace
from miniatures.review.reviewing import Reviewable, Shown, accept, compare, edit, read, reject
from miniatures.review.rulings import Ruling, Rulings, Verdict

ANSWER = {"subject": "Depot", "body": "Hello"}
BETTER = EmailText(subject="Depot", body="Hello Maya")
CALL = Trace(
    id="call",
    run_id="run",
    campaign="autumn",
    prospect="maya",
    role="writer",
    node="write",
    prompt_name="writer",
    backend=BackendIdentity(provider="local", model="small"),
    messages=(),
    structured=ANSWER,
)
ITEM = Reviewable("call", ANSWER, "autumn", "maya", draft="one")
OTHER = Reviewable("other", {"subject": "Depot", "body": "Dear Maya"}, "autumn", "maya")
REFUSED = Reading(verdict=ReadingVerdict.REJECT)


def ruling(*reviews: Review) -> Ruling | None:
    return Rulings(reviews).on([CALL])


def test_an_edit_outweighs_an_acceptance_and_a_rejection_outweighs_both():
    yes, better = accept(ITEM, "ada"), edit(ITEM, "ben", BETTER)
    no = reject(ITEM, "cleo", RejectReason.TACTLESS)
    assert (ruling(yes).verdict, ruling(yes).target) == (Verdict.ACCEPTED, ANSWER)
    edited = ruling(better, yes)
    assert (edited.verdict, edited.target, edited.preferred_over) == (Verdict.EDITED, BETTER.model_dump(), ANSWER)
    refused = ruling(no, yes, better)
    assert (refused.verdict, refused.target, refused.reasons) == (Verdict.REJECTED, None, {RejectReason.TACTLESS})


def test_a_reviewer_may_change_their_mind():
    no, yes = reject(ITEM, "ada", RejectReason.GENERIC), accept(ITEM, "ada")
    assert ruling(yes, no).verdict is Verdict.ACCEPTED


def test_a_comparison_that_was_chosen_again_decides_as_its_last_word_does():
    def chosen(choice: Shown, reviewer: str = "ada") -> Review:
        return compare(ITEM, OTHER, reviewer, choice, swapped=False)

    assert ruling(chosen(Shown.LEFT)).verdict is Verdict.PREFERRED
    assert ruling(chosen(Shown.LEFT), chosen(Shown.RIGHT)).verdict is Verdict.OUTDONE
    assert ruling(chosen(Shown.LEFT), chosen(Shown.TIE)) is None
    assert ruling(chosen(Shown.LEFT), chosen(Shown.TIE, "ben")).verdict is Verdict.PREFERRED


def test_a_reading_decides_nothing():
    yes = accept(ITEM, "ada")
    assert ruling(read(ITEM, "ada", REFUSED)) is None
    assert ruling(yes, read(ITEM, "ada", REFUSED)) == ruling(yes)


def test_only_reviews_of_this_call_count_even_where_another_wrote_the_same():
    assert ruling(accept(Reviewable("call2", ANSWER, "autumn", "maya"), "ada")) is None


def test_an_edit_stays_one_when_its_author_accepts_the_draft_that_came_of_it():
    edited, mended = edit(ITEM, "ada", BETTER), Reviewable("call", BETTER.model_dump(), "autumn", "maya", draft="two")
    found = ruling(edited, accept(mended, "ada"))
    assert (found.verdict, found.target, found.preferred_over) == (Verdict.EDITED, BETTER.model_dump(), ANSWER)
    assert ruling(edited, reject(mended, "ben", RejectReason.TACTLESS)).verdict is Verdict.REJECTED

"""What waits for a reviewer, in a campaign that was really run: each draft and each pair until it is reviewed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from miniatures.datamodel.backend import BackendIdentity
from miniatures.datamodel.draft import Draft, DraftStatus, EmailText
from miniatures.datamodel.review import Reading, ReadingVerdict, RejectReason
from miniatures.datamodel.seat import Seat
from miniatures.datamodel.trace import Trace
from miniatures.review.approvals import Decisions
from miniatures.review.queue import (
    answer_pairs,
    draft_to_review,
    waiting_drafts,
    waiting_pairs,
)
from miniatures.review.reviewing import Shown, accept, compare, edit, read, reject
from miniatures.store.open import Store, open_store
from tests.chaos.small_campaign import sqlite_url
from tests.finetune.reviewed_campaign import NAME, run_with_shadow

COUNT = 6


@pytest.fixture
async def ran(tmp_path: Path) -> AsyncIterator[Store]:
    await run_with_shadow(sqlite_url(tmp_path), COUNT)
    with open_store(sqlite_url(tmp_path)) as store:
        yield store


async def test_every_draft_waits_with_the_call_that_wrote_it(ran):
    traces = {trace.id: trace for trace in ran.traces(NAME)}
    waiting = [draft_to_review(ran, one) for one in waiting_drafts(ran, NAME, "ada")]
    assert len(waiting) == COUNT
    assert len({one.item.trace for one in waiting}) == COUNT
    for one in waiting:
        trace, draft = traces[one.item.trace], one.draft
        assert trace.structured == one.item.answer == {"subject": draft.subject, "body": draft.body}
        assert (trace.prospect, trace.role, trace.seat) == (one.recipient.key, "writer", Seat.FIRST)
        assert (one.item.prospect, one.item.draft) == (one.recipient.key, draft.id)
        assert draft.evidence and all(quote.where for quote in draft.evidence)


async def test_what_is_reviewed_waits_no_longer_for_this_reviewer(ran):
    queued = waiting_drafts(ran, NAME, "ada")
    first, second, third, *rest = queued
    items = [draft_to_review(ran, one).item for one in (first, second, third)]
    await ran.add_review(accept(items[0], "ada"))
    await ran.add_review(edit(items[1], "ada", EmailText(subject="New", body="Another")))
    await ran.add_review(reject(items[2], "ada", RejectReason.GENERIC))
    assert waiting_drafts(ran, NAME, "ada") == rest
    assert waiting_drafts(ran, NAME, "ben") == queued


async def test_what_was_only_read_still_waits_for_its_reader(ran):
    queued = waiting_drafts(ran, NAME, "ada")
    item = draft_to_review(ran, queued[0]).item
    await ran.add_review(read(item, "ada", Reading(verdict=ReadingVerdict.SEND)))
    assert waiting_drafts(ran, NAME, "ada") == queued


async def test_the_order_is_drawn_by_seed(ran):
    def order(seed: int) -> list[str]:
        return [one.id for one in waiting_drafts(ran, NAME, "ada", seed=seed)]

    assert order(0) == order(0)
    assert sorted(order(0)) == sorted(order(1))
    assert len({tuple(order(seed)) for seed in range(5)}) > 1


async def test_drafts_are_chosen_by_status(ran):
    result = next(iter(ran.results(NAME)))
    draft = result.draft.model_copy(update={"status": DraftStatus.READY})
    ready = result.model_copy(update={"status": DraftStatus.READY, "draft": draft})
    await ran.save_result(ready)
    assert [one.id for one in waiting_drafts(ran, NAME, "ada", [DraftStatus.READY])] == [draft.id]
    assert draft.id not in [one.id for one in waiting_drafts(ran, NAME, "ada", [DraftStatus.NEEDS_REVIEW])]
    await ran.save_result(ready.model_copy(update={"status": DraftStatus.FAILED, "draft": None}))
    assert len(waiting_drafts(ran, NAME, "ada")) == COUNT - 1


async def test_a_new_draft_waits_again_and_the_old_one_for_nobody(ran):
    old = waiting_drafts(ran, NAME, "ada")[0]
    await ran.add_review(accept(draft_to_review(ran, old).item, "ada"))
    result = ran.result(NAME, old.prospect)
    changed = result.draft.model_copy(update={"id": "by-hand", "trace": None, "body": "Written by nobody."})
    await ran.save_result(result.model_copy(update={"draft": changed}))
    [again] = [one for one in waiting_drafts(ran, NAME, "ada") if one.prospect == old.prospect]
    item = draft_to_review(ran, again).item
    assert (item.trace, item.draft, item.answer["body"]) == ("by-hand", "by-hand", "Written by nobody.")
    assert draft_to_review(ran, old) is None
    empty = changed.model_copy(update={"id": "empty", "subject": "", "body": " "})
    await ran.save_result(result.model_copy(update={"draft": empty}))
    assert old.prospect not in [one.prospect for one in waiting_drafts(ran, NAME, "ada")]


async def test_the_same_text_written_again_waits_for_nobody_who_judged_it(ran):
    old = waiting_drafts(ran, NAME, "hannah")[0]
    mine = EmailText(subject="Mine", body="In my words.")
    await ran.add_review(edit(draft_to_review(ran, old).item, "hannah", mine))
    result = ran.result(NAME, old.prospect)
    same = result.draft.model_copy(update={"id": "again", "trace": None})
    await ran.save_result(result.model_copy(update={"draft": same}))
    assert old.prospect not in [one.prospect for one in waiting_drafts(ran, NAME, "hannah")]
    [again] = [one for one in waiting_drafts(ran, NAME, "bob") if one.prospect == old.prospect]
    shown = draft_to_review(ran, again, Decisions(ran.reviews(NAME)))
    assert (shown.edit.reviewer, shown.edited_text, shown.edit_stands) == ("hannah", mine, True)


async def test_a_draft_that_is_written_anew_comes_with_the_edit_of_the_earlier_one(ran):
    old = waiting_drafts(ran, NAME, "hannah")[0]
    mine = EmailText(subject="Mine", body="In my words.")
    await ran.add_review(edit(draft_to_review(ran, old).item, "hannah", mine))
    result = ran.result(NAME, old.prospect)
    changed = result.draft.model_copy(update={"id": "anew", "trace": None, "body": "Other words."})
    await ran.save_result(result.model_copy(update={"draft": changed}))
    [anew] = [one for one in waiting_drafts(ran, NAME, "hannah") if one.prospect == old.prospect]
    shown = draft_to_review(ran, anew, Decisions(ran.reviews(NAME)))
    assert (shown.edited_text, shown.edit_stands) == (mine, False)
    await ran.add_review(accept(shown.item, "hannah"))
    assert draft_to_review(ran, anew, Decisions(ran.reviews(NAME))).edit is None


async def test_a_draft_of_no_campaign_is_shown_with_what_its_call_was_told(ran):
    call = next(trace for trace in ran.traces(NAME) if trace.role == "writer" and trace.structured)
    text = EmailText.model_validate(call.structured)
    draft = Draft(id=call.id, trace=call.id, **text.model_dump(), status=DraftStatus.READY, backend=str(call.backend))
    await ran.queue_draft(draft, "synthesized")
    [one] = waiting_drafts(ran, "synthesized", "ada")
    shown = draft_to_review(ran, one)
    assert (shown.draft.text, shown.recipient.first_name) == (text, "Kim")
    assert [quote.quote for quote in shown.draft.evidence] == [line["text"] for line in call.variables["quotes"]]


async def test_pairs_are_two_backends_answers_to_one_question(ran):
    traces = {trace.id: trace for trace in ran.traces(NAME)}
    pairs = waiting_pairs(ran, NAME, "ada")
    assert len(pairs) >= COUNT
    for pair in pairs:
        first, second = traces[pair.first.trace], traces[pair.second.trace]
        assert first.variables == second.variables
        assert (first.seat, second.seat) == (Seat.FIRST, Seat.SHADOW)
        assert (first.backend.provider, second.backend.provider) == ("steady", "other")
        assert first.prospect == second.prospect == pair.recipient.key
        assert [quote.where for quote in pair.quotes] == [f"http://company-{pair.recipient.company[8:]}.example/news"]
        drafted = ran.result(NAME, first.prospect).draft.id
        assert (pair.first.draft, pair.second.draft) == (first.id if first.id == drafted else None, None)
        assert pair.first.answer != pair.second.answer


@pytest.mark.parametrize("kept", [True, False])
async def test_a_quote_that_no_call_chose_is_shown_with_its_source_as_long_as_it_is_kept(ran, kept):
    for result in list(ran.results(NAME)):
        facts = tuple(fact.model_copy(update={"trace": None}) for fact in result.dossier.facts) if kept else ()
        dossier = result.dossier.model_copy(update={"facts": facts})
        await ran.save_result(result.model_copy(update={"dossier": dossier}))
    for pair in waiting_pairs(ran, NAME, "ada"):
        number = pair.recipient.company[8:]
        assert [quote.where for quote in pair.quotes] == [f"http://company-{number}.example/news" if kept else ""]
        assert f"added {number} pallet places" in pair.quotes[0].quote


async def test_a_compared_pair_waits_no_longer_for_this_reviewer(ran):
    pairs = waiting_pairs(ran, NAME, "ada")
    await ran.add_review(compare(pairs[0].first, pairs[0].second, "ada", Shown.TIE, swapped=True))
    assert waiting_pairs(ran, NAME, "ada") == pairs[1:]
    assert waiting_pairs(ran, NAME, "ben") == pairs
    assert len(waiting_drafts(ran, NAME, "ada")) == COUNT


def call(body: str, *sources: str, seat: Seat = Seat.FIRST, **fields: object) -> Trace:
    plain = {
        "run_id": "run",
        "campaign": NAME,
        "prospect": "maya",
        "role": "writer",
        "seat": seat,
        "sources": sources or ("choice",),
        "node": "write",
        "prompt_name": "writer",
        "backend": BackendIdentity(provider="local", model=seat),
        "messages": (),
        "structured": {"subject": "Depot", "body": body},
    }
    return Trace.model_validate(plain | fields)


def pairs_of(*traces: Trace) -> set[tuple[str, str]]:
    return {(one.structured["body"], other.structured["body"]) for one, other in answer_pairs(traces)}


def test_the_writers_first_email_is_paired_with_its_own_shadow_and_the_first_fallback():
    used, sample = call("Hello"), call("Hello there")
    shadow, other = (call(f"Hi {one.id}", seat=Seat.SHADOW, shadow_of=one.id) for one in (used, sample))
    fallback, second = call("Dear Maya", seat=Seat.FALLBACK), call("Dear M", seat=Seat.FALLBACK)
    rewrite = call("Hello again", "choice", used.id)
    rewritten = call("Hi again", "choice", used.id, seat=Seat.SHADOW, shadow_of=rewrite.id)
    assert pairs_of(second, other, shadow, fallback, rewritten, rewrite, sample, used) == {
        ("Hello", f"Hi {used.id}"),
        ("Hello", "Dear Maya"),
        ("Hello again", "Hi again"),
    }


def test_a_fallback_of_a_resumed_run_answers_the_question_of_the_run_before():
    used = call("Hello", run_id="monday")
    assert pairs_of(used, call("Dear Maya", run_id="tuesday", seat=Seat.FALLBACK)) == {("Hello", "Dear Maya")}


@pytest.mark.parametrize(
    "other",
    [
        {"prospect": "tom"},
        {"campaign": "winter"},
        {"policy": "another"},
        {"sources": ("another",)},
        {"sources": (), "run_id": "tuesday"},
        {"structured": {"subject": "only"}},
        {"structured": {"subject": "Depot ", "body": "Hello\n"}},
        {"role": "verifier"},
        {"error": "TimedOut: late"},
    ],
    ids=str,
)
def test_anything_else_is_no_answer_to_the_same_question(other: dict[str, object]):
    used = call("Hello", **({"sources": ()} if other.get("sources") == () else {}))
    assert pairs_of(used, call("Dear Maya", seat=Seat.FALLBACK, **other)) == set()

"""What waits for a reviewer, in a campaign that was really run: each draft and each pair until it is reviewed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from miniatures.datamodel.backend import BackendIdentity
from miniatures.datamodel.draft import Draft, DraftStatus, EmailText
from miniatures.datamodel.review import RejectReason
from miniatures.datamodel.trace import SHADOW, Trace
from miniatures.review.queue import (
    answer_pairs,
    draft_to_review,
    waiting_drafts,
    waiting_pairs,
    writer_trace,
)
from miniatures.review.reviewing import Shown, accept, compare, edit, reject
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
    waiting = [draft_to_review(ran, result) for result in waiting_drafts(ran, NAME, "ada")]
    assert len(waiting) == COUNT
    assert len({one.item.trace for one in waiting}) == COUNT
    for one in waiting:
        trace = traces[one.item.trace]
        assert trace.structured == one.item.answer == {"subject": one.draft.subject, "body": one.draft.body}
        assert (trace.prospect, trace.role) == (one.prospect.key, "writer")
        assert one.item.prospect == one.prospect.key
        assert [quote.text for quote in one.quotes] == [item.quote for item in one.draft.evidence] != []
        assert all(quote.url for quote in one.quotes)


async def test_what_is_reviewed_waits_no_longer_for_this_reviewer(ran):
    results = waiting_drafts(ran, NAME, "ada")
    first, second, third, *rest = results
    items = [draft_to_review(ran, result).item for result in (first, second, third)]
    await ran.add_review(accept(items[0], "ada"))
    await ran.add_review(edit(items[1], "ada", EmailText(subject="New", body="Another")))
    await ran.add_review(reject(items[2], "ada", RejectReason.GENERIC))
    assert waiting_drafts(ran, NAME, "ada") == rest
    assert waiting_drafts(ran, NAME, "ben") == results


async def test_the_order_is_drawn_by_seed(ran):
    def order(seed: int) -> list[str]:
        return [result.prospect.email for result in waiting_drafts(ran, NAME, "ada", seed=seed)]

    assert order(0) == order(0)
    assert sorted(order(0)) == sorted(order(1))
    assert len({tuple(order(seed)) for seed in range(5)}) > 1


async def test_drafts_are_chosen_by_status(ran):
    everyone = waiting_drafts(ran, NAME, "ada")
    ready = everyone[0].model_copy(update={"status": DraftStatus.READY})
    await ran.save_result(ready)
    assert waiting_drafts(ran, NAME, "ada", [DraftStatus.READY]) == [ready]
    assert ready not in waiting_drafts(ran, NAME, "ada", [DraftStatus.NEEDS_REVIEW])
    await ran.save_result(ready.model_copy(update={"status": DraftStatus.FAILED, "draft": None}))
    assert len(waiting_drafts(ran, NAME, "ada")) == COUNT - 1


async def test_a_new_text_waits_again_and_without_its_call_it_is_not_shown(ran):
    result = waiting_drafts(ran, NAME, "ada")[0]
    await ran.add_review(accept(draft_to_review(ran, result).item, "ada"))
    changed = result.draft.model_copy(update={"body": "Written by nobody."})
    await ran.save_result(result.model_copy(update={"draft": changed}))
    [again] = [one for one in waiting_drafts(ran, NAME, "ada") if one.prospect == result.prospect]
    assert draft_to_review(ran, again) is None
    empty = result.draft.model_copy(update={"subject": "", "body": " "})
    await ran.save_result(result.model_copy(update={"draft": empty}))
    assert result.prospect not in [one.prospect for one in waiting_drafts(ran, NAME, "ada")]


async def test_pairs_are_two_backends_answers_to_one_question(ran):
    traces = {trace.id: trace for trace in ran.traces(NAME)}
    pairs = waiting_pairs(ran, NAME, "ada")
    assert len(pairs) >= COUNT
    for pair in pairs:
        first, second = traces[pair.first.trace], traces[pair.second.trace]
        assert first.variables == second.variables
        assert (first.role, second.role) == ("writer", SHADOW)
        assert (first.backend.provider, second.backend.provider) == ("steady", "other")
        assert first.prospect == second.prospect == pair.prospect.key
        assert [quote.url for quote in pair.quotes] == [f"http://company-{pair.prospect.company[8:]}.example/news"]
        assert pair.first.answer != pair.second.answer


async def test_a_compared_pair_waits_no_longer_for_this_reviewer(ran):
    pairs = waiting_pairs(ran, NAME, "ada")
    await ran.add_review(compare(pairs[0].first, pairs[0].second, "ada", Shown.TIE, swapped=True))
    assert waiting_pairs(ran, NAME, "ada") == pairs[1:]
    assert waiting_pairs(ran, NAME, "ben") == pairs
    assert len(waiting_drafts(ran, NAME, "ada")) == COUNT


def call(body: str, model: str = "small", **fields: object) -> Trace:
    plain = {
        "run_id": "run",
        "campaign": NAME,
        "prospect": "maya",
        "role": "writer",
        "node": "write",
        "prompt_name": "writer",
        "variables": {"company": "Acme"},
        "backend": BackendIdentity(provider="local", model=model),
        "messages": (),
        "structured": {"subject": "Depot", "body": body},
    }
    return Trace.model_validate(plain | fields)


def written(body: str, model: str = "small") -> Draft:
    return Draft(subject="Depot", body=body, status=DraftStatus.READY, backend=f"local:{model}")


def test_the_last_call_of_the_drafts_own_backend_wrote_it():
    early, late, other = call("Hello"), call("Hello"), call("Hello", "large", role="fallback")
    shadow, failed = call("Hello", role=SHADOW), call("Hello", error="TimedOut: late")
    traces = [early, late, other, shadow, failed, call("Bye"), call("Hello", prompt_name="verifier")]
    assert writer_trace(traces, written("Hello")) is late
    assert writer_trace(traces, written("Hello", "large")) is other
    assert writer_trace(traces, written("Hello", "renamed")) is other
    assert writer_trace(traces, written("Nobody's")) is None


def test_only_different_emails_of_different_backends_to_one_question_are_pairs():
    used, sample = call("Hello"), call("Hello there")
    fallback = call("Dear Maya", "large", role="fallback")
    shadow = call("Hi Maya", "middle", role=SHADOW)
    alike = call("Hello ", "copy")
    elsewhere = call("Other", "vast", prospect="tom")
    asked_otherwise = call("Other", "wide", variables={"company": "Acme", "reasons": ["length"]})
    broken = call("", "huge", structured={"subject": "only"})
    unknown = call("No variables", "odd", variables={})
    traces = [shadow, used, sample, fallback, alike, elsewhere, asked_otherwise, broken, unknown]
    pairs = {(one.structured["body"], other.structured["body"]) for one, other in answer_pairs(traces)}
    assert pairs == {
        ("Hello", "Dear Maya"),
        ("Hello", "Hi Maya"),
        ("Dear Maya", "Hello "),
        ("Dear Maya", "Hi Maya"),
        ("Hello ", "Hi Maya"),
    }

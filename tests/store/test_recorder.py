"""Traces and spans: durable with the next finished stage, soon anyway, and never written half."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime

import pytest

from miniatures.datamodel.backend import Bill, Usage
from miniatures.datamodel.errors import StoreError
from miniatures.store.ledger import StageKey
from miniatures.store.open import Store, open_store
from miniatures.store.tracing import Scope, enter_scope, span
from miniatures.store.writer import IDLE_S
from tests.store.databases import CAMPAIGN, person, span_of, trace_of


async def test_entries_come_back_as_they_were(store: Store) -> None:
    someone = person(1)
    trace = trace_of(
        someone,
        structured={"subject": "Hé", "body": "…"},
        variables={"quotes": ["a", 1, None, {"b": 2.5}]},
        bill=Bill(usage=Usage(input_tokens=10, output_tokens=5, cached_tokens=2), cost_usd=0.25),
        started_at=datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC),
    )
    step = span_of(someone, attributes={"bytes": 3, "nested": {"a": [1]}}, error="TimedOut: too slow", total_ms=1.5)
    whole_second = span_of(someone, started_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
    for entry in (trace, step, whole_second):
        store.recorder.record(entry)
    await store.ledger(CAMPAIGN).finish(StageKey.of("write", someone.key), None)
    assert list(store.traces(CAMPAIGN)) == [trace]
    assert list(store.spans(CAMPAIGN)) == [step, whole_second]


async def test_all_that_was_recorded_before_a_finish_is_there_when_it_returns(store: Store) -> None:
    async def work(number: int) -> None:
        someone = person(number)
        for round_ in range(3):
            store.recorder.record(trace_of(someone, attempt=round_))
            store.recorder.record(span_of(someone))
            await store.ledger(CAMPAIGN).finish(StageKey.of("write", someone.key, round=round_), round_)
            assert [trace.attempt for trace in store.traces(CAMPAIGN, someone.key)] == list(range(round_ + 1))
            assert len(list(store.spans(CAMPAIGN, someone.key))) == round_ + 1

    await asyncio.gather(*map(work, range(20)))


def test_entries_are_saved_soon_though_nobody_waits(store: Store) -> None:
    store.recorder.record(trace_of(person(1)))
    deadline = time.monotonic() + 20 * IDLE_S
    while not list(store.traces(CAMPAIGN)):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_closing_saves_what_is_queued(store_url: str) -> None:
    with open_store(store_url) as store:
        for number in range(5000):
            store.recorder.record(span_of(person(1), name=str(number)))
    with open_store(store_url) as store:
        assert [span.name for span in store.spans(CAMPAIGN)] == [str(number) for number in range(5000)]


def test_a_closed_store_takes_nothing(store_url: str) -> None:
    store = open_store(store_url)
    store.close()
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.recorder.record(trace_of(person(1)))


async def test_spans_of_a_scope_form_a_tree(store: Store) -> None:
    someone = person(1)
    with enter_scope(Scope(store.recorder, "run", CAMPAIGN, someone.key)):
        with span("stage", "research"):
            with span("search", "first"):
                pass
            with pytest.raises(ValueError, match="no page"), span("fetch", "second", url="http://x"):
                raise ValueError("no page")
        with span("stage", "write"):
            pass
    await store.ledger(CAMPAIGN).finish(StageKey.of("write", someone.key), None)
    research, write = store.tree(CAMPAIGN, someone.key)
    assert [child.entry.id for child in research.children] == [
        entry.id for entry in store.spans(CAMPAIGN) if entry.parent_id == research.entry.id
    ]
    assert [node.entry.name for node in (research, *research.children, write)] == [
        "research",
        "first",
        "second",
        "write",
    ]
    assert research.children[1].entry.error == "ValueError", "what a foreign exception says may hold a secret"


async def test_ids_and_order_survive_a_clock_that_steps_back(store: Store) -> None:
    """The wall clock is only what a person reads: order comes from ids, which never step back."""
    someone = person(1)
    times = [datetime(2026, 5, 1, tzinfo=UTC), datetime(1999, 1, 1, tzinfo=UTC), datetime(2038, 1, 1, tzinfo=UTC)]
    entries = [span_of(someone, started_at=moment) for moment in times]
    for entry in reversed(entries):
        store.recorder.record(entry)
    await store.ledger(CAMPAIGN).finish(StageKey.of("write", someone.key), None)
    assert [span.started_at for span in store.spans(CAMPAIGN)] == times

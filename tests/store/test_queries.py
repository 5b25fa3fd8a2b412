"""What was spent, and on what: an unknown cost is counted beside the sum and never becomes zero."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from miniatures.datamodel.backend import BackendIdentity, Usage
from miniatures.store.ledger import StageKey
from miniatures.store.open import Store
from miniatures.store.queries import Spending
from tests.store.databases import CAMPAIGN, person, span_of, trace_of


async def save(store: Store) -> None:
    await store.ledger(CAMPAIGN).finish(StageKey.of("saved", "all"), None)


async def test_nothing_spent(store: Store) -> None:
    spent = store.spent(CAMPAIGN)
    assert spent.total == Spending()
    assert spent.total.cost_usd == 0
    assert spent.by_backend == {}


async def test_known_and_unknown_costs_stay_apart(store: Store) -> None:
    teacher = BackendIdentity(provider="litellm", model="large")
    for cost in (0.5, 0.0, None):
        store.recorder.record(trace_of(person(1), backend=teacher, cost_usd=cost))
    store.recorder.record(trace_of(person(2)))
    store.recorder.record(trace_of(person(2), campaign="another", cost_usd=9))
    await save(store)
    spent = store.spent(CAMPAIGN)
    usage = Usage(input_tokens=10, output_tokens=5, cached_tokens=2)
    assert spent.by_backend == {
        "litellm:large": Spending(3, usage + usage + usage, known_usd=0.5, unknown_calls=1),
        "local:small": Spending(1, usage, known_usd=0, unknown_calls=1),
    }
    assert spent.total == Spending(4, usage + usage + usage + usage, known_usd=0.5, unknown_calls=2)
    assert spent.total.cost_usd is None
    assert store.spent(CAMPAIGN, person(2).key).total.calls == 1


async def test_a_redo_forgets_stages_and_keeps_traces(store: Store) -> None:
    someone, other = person(1), person(2)
    ledger = store.ledger(CAMPAIGN)
    keys = [StageKey.of(stage, who.key, brief="1") for who in (someone, other) for stage in ("research", "write")]
    for key in keys:
        store.recorder.record(trace_of(someone, cost_usd=1.0))
        await ledger.finish(key, key.stage)
    await store.forget_stages(CAMPAIGN, someone.key)
    assert [await ledger.recall(key) for key in keys] == [None, None, "research", "write"]
    assert store.spent(CAMPAIGN).total.known_usd == 4.0
    assert len(list(store.traces(CAMPAIGN, someone.key))) == 4


async def test_runs_are_listed_in_order(store: Store) -> None:
    await store.start_run("1", CAMPAIGN, "first")
    await store.finish_run("1", "completed")
    await store.start_run("2", CAMPAIGN, "second")
    await store.start_run("3", "another", "first")
    first, second = store.runs(CAMPAIGN)
    assert (first.policy, first.outcome, second.outcome, second.ended_at) == ("first", "completed", None, None)
    assert first.ended_at is not None
    assert first.started_at <= first.ended_at <= datetime.now(UTC)


async def test_steps_are_counted_by_kind_and_name(store: Store) -> None:
    for milliseconds, error in ((10, None), (30, "Blocked: by robots.txt")):
        store.recorder.record(span_of(person(1), total_ms=milliseconds, error=error))
    store.recorder.record(span_of(person(1), kind="stage", name="write", total_ms=5))
    await save(store)
    fetch, stage = store.step_statistics(CAMPAIGN)
    assert (fetch.kind, fetch.count, fetch.errors, fetch.mean_ms, fetch.longest_ms) == ("fetch", 2, 1, 20, 30)
    assert (stage.kind, stage.name, stage.count) == ("stage", "write", 1)


@pytest.mark.parametrize("number", [499, 500, 501, 1000])
async def test_long_listings_are_complete(store: Store, number: int) -> None:
    for index in range(number):
        store.recorder.record(span_of(person(index % 7), name=str(index)))
    await save(store)
    assert [span.name for span in store.spans(CAMPAIGN)] == [str(index) for index in range(number)]


async def test_a_child_whose_parent_is_missing_is_a_root(store: Store) -> None:
    store.recorder.record(trace_of(person(1), parent_id="lost"))
    await save(store)
    (root,) = store.tree(CAMPAIGN, person(1).key)
    assert root.entry.parent_id == "lost"


async def test_model_calls_are_found_by_name_role_and_prompt(store: Store) -> None:
    wrote = trace_of(person(1), prompt_name="writer")
    chose, other = (trace_of(person(number), role="researcher", prompt_name="one") for number in (1, 2))
    for trace in (wrote, chose, other):
        store.recorder.record(trace)
    await save(store)
    assert store.trace(wrote.id) == wrote
    assert store.trace("unknown") is None
    assert store.traces_named([wrote.id, "unknown", other.id]) == {wrote.id: wrote, other.id: other}
    assert list(store.traces(CAMPAIGN, role="researcher")) == [chose, other]
    assert list(store.traces(CAMPAIGN, person(1).key, role="researcher", prompt="one")) == [chose]
    assert list(store.traces(CAMPAIGN, prompt="writer")) == [wrote]


async def test_what_was_left_before_an_enrolment_is_found_after_it(store: Store) -> None:
    someone, key = person(1), StageKey.of("write", person(1).key)
    await store.enrol(CAMPAIGN, [person(0)])
    before, after = trace_of(someone), trace_of(someone)
    store.recorder.record(before)
    await store.ledger(CAMPAIGN).finish(key, "before")
    await store.enrol(CAMPAIGN, [someone])
    store.recorder.record(after)
    await save(store)
    assert list(store.traces(CAMPAIGN, someone.key)) == [before, after]
    assert store.spent(CAMPAIGN, someone.key).total.calls == 2
    store.ledger(CAMPAIGN).forget(someone.key)
    assert await store.ledger(CAMPAIGN).recall(key) == "before"
    await store.ledger(CAMPAIGN).finish(key, "after")
    store.ledger(CAMPAIGN).forget(someone.key)
    assert await store.ledger(CAMPAIGN).recall(key) == "after"
    await store.forget_stages(CAMPAIGN, someone.key)
    assert await store.ledger(CAMPAIGN).recall(key) is None

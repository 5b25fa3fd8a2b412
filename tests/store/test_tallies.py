"""What is asked of a whole campaign is right on both databases, and comes from indexes."""

from __future__ import annotations

import os
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import event, inspect, text

from miniatures.datamodel.backend import BackendIdentity
from miniatures.datamodel.draft import Draft, DraftStatus
from miniatures.datamodel.review import Review
from miniatures.store import migrations
from miniatures.store.engine import database_at
from miniatures.store.open import Store, open_store
from miniatures.store.spending import Spending
from miniatures.store.tallies import Holder, Step
from tests.store.databases import CAMPAIGN, USAGE, person, schema_differences, trace_of
from tests.store.test_results import result_of

START = datetime(2026, 11, 30, 23, 58, 30, tzinfo=UTC)
READY, NOTHING = DraftStatus.READY, DraftStatus.NOTHING_FOUND


async def save(store: Store, number: int, status: DraftStatus, when: datetime) -> None:
    store._results._now = lambda: when
    await store.save_result(result_of(person(number), status=status))


async def test_spending_is_told_by_role_and_backend(store: Store) -> None:
    large = BackendIdentity(provider="litellm", model="large")
    store.recorder.record(trace_of(person(1), cost_usd=0.5, backend=large))
    store.recorder.record(trace_of(person(2), backend=large))
    store.recorder.record(trace_of(person(1), cost_usd=0.0, role="researcher"))
    store.recorder.record(trace_of(person(1), cost_usd=9.0, campaign="another"))
    await save(store, 1, READY, START)
    assert store.spent_by_role(CAMPAIGN) == {
        ("writer", "litellm:large"): Spending(2, USAGE + USAGE, known_usd=0.5, unknown_calls=1),
        ("researcher", "local:small"): Spending(1, USAGE, known_usd=0.0),
    }
    assert store.spent_by_role("nobody's") == {}


@pytest.mark.parametrize(
    ("step", "began"),
    [
        (Step.MINUTE, [(11, 30, 23, 58), (11, 30, 23, 59), (12, 1, 0, 0)]),
        (Step.HOUR, [(11, 30, 23, 0), (12, 1, 0, 0)]),
        (Step.DAY, [(11, 30, 0, 0), (12, 1, 0, 0)]),
        (Step.MONTH, [(11, 1, 0, 0), (12, 1, 0, 0)]),
    ],
)
async def test_outcomes_are_counted_by_time(store: Store, step: Step, began: list[tuple[int, ...]]) -> None:
    for number, (status, seconds) in enumerate([(READY, 0), (NOTHING, 29), (READY, 31), (READY, 95)]):
        await save(store, number, status, START + timedelta(seconds=seconds))
    counted = store.outcomes_over_time(CAMPAIGN, step)
    assert list(counted) == [datetime(2026, *moment, tzinfo=UTC) for moment in began]
    assert sum(counts.get(READY, 0) for counts in counted.values()) == 3
    assert counted[min(counted)][NOTHING] == 1
    assert store.saved_between(CAMPAIGN) == (START, START + timedelta(seconds=95))


async def test_before_any_result_there_is_no_time(store: Store) -> None:
    assert store.saved_between(CAMPAIGN) is None
    assert store.outcomes_over_time(CAMPAIGN, Step.DAY) == {}


async def test_outcomes_follow_one_another_and_say_why_there_is_no_draft(store: Store) -> None:
    draft = Draft(subject="s", body="b", status=READY, backend="local:x")
    await store.save_result(result_of(person(1), draft=draft))
    await store.save_result(result_of(person(2), status=NOTHING))
    first, second = store.outcomes_since(CAMPAIGN, 0)
    assert (first.prospect, first.row, first.status, first.document) == (person(1).key, person(1).row, READY, "")
    assert second.status is NOTHING and '"nothing_found"' in second.document
    assert store.outcomes_since(CAMPAIGN, first.revision, most=1) == [second]
    assert store.outcomes_since(CAMPAIGN, second.revision) == []


async def test_reviews_are_found_by_their_ids(store: Store) -> None:
    said = [Review(reviewer="ada", campaign=name, trace="t", action="accept", answer={}) for name in (CAMPAIGN, "b")]
    for review in said:
        await store.add_review(review)
    assert store.review_ids(CAMPAIGN) == {said[0].id}
    assert list(store.reviews_named([said[1].id, "unknown", said[0].id])) == sorted(said, key=lambda one: one.id)


async def test_whoever_took_the_campaign_last_is_known(store: Store) -> None:
    assert store.holder(CAMPAIGN) is None
    with store.campaign_lock(CAMPAIGN):
        holder = store.holder(CAMPAIGN)
        assert holder is not None and holder.pid == os.getpid() and holder.is_alive


@pytest.mark.skipif(os.name != "posix", reason="elsewhere no process can be asked about without harm")
@pytest.mark.parametrize(("host", "alive"), [(socket.gethostname(), False), ("elsewhere", None)])
def test_a_process_that_is_gone_holds_nothing(host: str, alive: bool | None) -> None:
    assert Holder(2**22 + 1, host, START).is_alive is alive


async def test_no_table_is_read_for_it(tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path}/store.sqlite") as store:
        asked: list[tuple[str, object]] = []
        event.listen(store._database.engine, "before_cursor_execute", lambda *call: asked.append(call[2:4]))
        store.spent_by_role(CAMPAIGN)
        store.saved_between(CAMPAIGN)
        store.outcomes_over_time(CAMPAIGN, Step.HOUR)
        assert len(asked) == 3
        with store._database.read() as connection:
            for statement, values in list(asked):
                plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
                assert all("COVERING INDEX" in row[-1] or "B-TREE" in row[-1] for row in plan), plan


def test_a_store_from_before_the_dashboard_gets_its_indexes(store_url: str) -> None:
    open_store(store_url).close()
    database = database_at(store_url)
    with database.change() as connection:
        for change in (
            "DROP INDEX results_in_time",
            "DROP INDEX traces_spending",
            "CREATE INDEX traces_spending ON traces (campaign, backend, position)",
            f"UPDATE {migrations.version_table.name} SET version_num = '0003'",
        ):
            connection.execute(text(change))
    open_store(store_url).close()
    assert schema_differences(store_url) == []
    indexes = {one["name"]: one["column_names"] for one in inspect(database.engine).get_indexes("traces")}
    assert indexes["traces_spending"][:3] == ["campaign", "backend", "role"]
    database.engine.dispose()

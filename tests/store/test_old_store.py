"""A store that the code before schema 0003 wrote, with fallback, shadow, verifier and reviews, opens with every link.

`old_store/campaigns.json.gz` holds the rows of two campaigns of fictional companies: in `small` the student's drafts
fail and the teacher's stand; in `shadowed` the teacher answers beside the student.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import MetaData, insert, text

from miniatures.datamodel.draft import DraftStatus
from miniatures.datamodel.review import ReviewAction
from miniatures.datamodel.seat import Seat
from miniatures.datamodel.trace import Trace
from miniatures.store import migrations
from miniatures.store.engine import database_at
from miniatures.store.open import Store, open_store
from miniatures.store.second_answers import shadow_pairs, teacher_candidates
from tests.store.databases import schema_differences
from tests.store.old_store.schema import create_schema

OLD = Path(__file__).parent / "old_store" / "campaigns.json.gz"
CAMPAIGNS = ("small", "shadowed")


@pytest.fixture
def old_rows() -> dict[str, list[dict[str, Any]]]:
    rows: dict[str, list[dict[str, Any]]] = json.loads(gzip.decompress(OLD.read_bytes()))
    return rows


@pytest.fixture
def old_url(store_url: str, old_rows: dict[str, list[dict[str, Any]]]) -> str:
    database = database_at(store_url)
    with database.change() as connection:
        migrations._begin_alone(connection)
        with Operations.context(MigrationContext.configure(connection)):
            create_schema()
        migrations.version_table.create(connection)
        connection.execute(insert(migrations.version_table).values(version_num="0002"))
        metadata = MetaData()
        metadata.reflect(connection)
        for name, rows in old_rows.items():
            connection.execute(insert(metadata.tables[name]), [_with_times(row) for row in rows])
    database.engine.dispose()
    return store_url


@pytest.fixture
def migrated(old_url: str) -> Iterator[Store]:
    with open_store(old_url) as opened:
        yield opened


def _with_times(row: dict[str, Any]) -> dict[str, Any]:
    times = {name: datetime.fromisoformat(value) for name, value in row.items() if name.endswith("_at") and value}
    return row | times


def traces_of(store: Store) -> dict[str, Trace]:
    return {trace.id: trace for campaign in CAMPAIGNS for trace in store.traces(campaign)}


def test_the_schema_becomes_that_of_a_new_store(migrated: Store, old_url: str) -> None:
    assert schema_differences(old_url) == []


def test_nothing_is_lost_and_every_cost_is_kept(migrated: Store, old_rows: dict[str, list[dict[str, Any]]]) -> None:
    traces = traces_of(migrated)
    old = {row["id"]: json.loads(row["document"]) for row in old_rows["traces"]}
    assert traces.keys() == old.keys()
    for id_, trace in traces.items():
        assert trace.bill.usage.model_dump() == old[id_]["usage"]
        assert trace.bill.cost_usd == old[id_]["cost_usd"]
        assert (trace.variables, trace.prompt_variant) == (old[id_]["variables"], old[id_]["prompt_profile"])
    for campaign in CAMPAIGNS:
        before = [json.loads(row["document"]) for row in old_rows["results"] if row["campaign"] == campaign]
        after = list(migrated.results(campaign))
        assert {one.bill.usage.total_tokens for one in after} == {
            one["usage"]["input_tokens"] + one["usage"]["output_tokens"] for one in before
        }
        assert all(one.bill.cost_usd == one.draft.bill.cost_usd for one in after if one.bill.cost_usd is None)
        assert sum(1 for _ in migrated.spans(campaign)) == sum(row["campaign"] == campaign for row in old_rows["spans"])
        assert migrated.spent(campaign).total.calls == sum(row["campaign"] == campaign for row in old_rows["traces"])


def test_calls_say_role_seat_and_policy(migrated: Store) -> None:
    traces = traces_of(migrated).values()
    assert {(trace.role, trace.seat) for trace in traces} == {
        ("researcher", Seat.FIRST),
        ("writer", Seat.FIRST),
        ("writer", Seat.FALLBACK),
        ("writer", Seat.SHADOW),
        ("verifier", Seat.FIRST),
    }
    assert all(trace.policy == f"{trace.campaign}-policy" for trace in traces)
    writers = list(migrated.traces("small", role="writer", prompt="writer"))
    assert len(writers) == len([trace for trace in traces if trace.campaign == "small" and trace.role == "writer"])
    assert list(migrated.traces("small", role="planner")) == []


def test_every_shadow_names_the_call_beside_it(migrated: Store) -> None:
    traces = traces_of(migrated)
    shadows = [trace for trace in traces.values() if trace.seat is Seat.SHADOW]
    assert shadows
    for shadow in shadows:
        used = traces[shadow.shadow_of or ""]
        assert used.seat is Seat.FIRST
        assert (used.attempt, used.parent_id, used.prospect) == (shadow.attempt, shadow.parent_id, shadow.prospect)
        assert used.variables == shadow.variables
    assert len({shadow.shadow_of for shadow in shadows}) == len(shadows)
    assert sum(len(list(shadow_pairs(migrated, campaign))) for campaign in CAMPAIGNS) == len(shadows)
    assert {trace.seat for trace in teacher_candidates(migrated, "small")} == {Seat.FALLBACK, Seat.SHADOW}


def test_every_writer_names_who_chose_its_quote_and_whose_draft_was_refused(migrated: Store) -> None:
    traces = traces_of(migrated)
    for trace in (one for one in traces.values() if one.role == "writer"):
        chooser, *refused = (traces[id_] for id_ in trace.sources)
        assert (chooser.role, chooser.prospect) == ("researcher", trace.prospect)
        assert trace.variables["quotes"][0]["text"] in [one["text"] for one in chooser.variables["sentences"]]
        previous = trace.variables["previous"]
        assert [one.structured for one in refused] == ([previous] if previous else [])
        assert all(one.seat is Seat.FIRST and one.attempt == trace.attempt - 1 for one in refused)


def test_drafts_are_named_by_the_call_that_wrote_them(migrated: Store) -> None:
    traces = traces_of(migrated)
    for campaign in CAMPAIGNS:
        for result in migrated.results(campaign):
            draft = result.draft
            assert draft is not None
            assert draft.id == draft.trace
            assert traces[draft.id].structured == draft.text.model_dump()
            assert str(traces[draft.id].backend) == draft.backend
            assert draft.statements
            assert (draft.opinion is not None) == (campaign == "small")
            facts = result.dossier.facts if result.dossier else ()
            for quote in (*facts, *draft.evidence):
                assert traces[quote.trace or ""].role == "researcher"  # type: ignore[union-attr]


async def test_settled_prospects_stay_settled_and_stages_are_dropped(migrated: Store) -> None:
    for campaign in CAMPAIGNS:
        results = list(migrated.results(campaign))
        statuses = await migrated.statuses(campaign, f"{campaign}-policy", [one.prospect for one in results])
        assert statuses == {one.prospect.key: one.status for one in results}
    with migrated._database.read() as connection:
        assert connection.scalar(text("SELECT count(*) FROM stages")) == 0


def test_what_was_judged_waits_no_more(migrated: Store) -> None:
    drafts = {result.draft.id: result for result in migrated.results("small") if result.draft}
    assert {one.id for one in migrated.waiting("small", "ben")} == set(drafts)
    assert migrated.waiting("small", "ada") == []
    assert {one.text_hash for one in migrated.waiting("small", "ben")} == {
        result.draft.text_hash for result in drafts.values() if result.draft
    }
    for id_ in drafts:
        (review,) = (one for one in migrated.reviews("small") if one.draft == id_)
        assert (review.reviewer, review.draft, review.trace) == ("ada", id_, id_)
    compared = [one for one in migrated.reviews() if one.action is ReviewAction.COMPARE]
    assert compared
    assert all(one.draft is None for one in compared)
    assert migrated.waiting("shadowed", "ben", [DraftStatus.READY]) == []
    assert len(migrated.waiting("shadowed", "ben", [DraftStatus.NEEDS_REVIEW])) == 1


@pytest.mark.parametrize("table", ["results", "traces", "reviews"])
@pytest.mark.parametrize("damage", ["", "x", "null", "[]", "5", "{}"])
def test_a_damaged_row_of_an_old_store_keeps_no_other_from_being_read(old_url: str, table: str, damage: str) -> None:
    database = database_at(old_url)
    with database.change() as connection:
        first = f"(SELECT min(id) FROM {table})" if table != "results" else "(SELECT min(prospect) FROM results)"
        column = "id" if table != "results" else "prospect"
        connection.execute(text(f"UPDATE {table} SET document = :it WHERE {column} = {first}"), {"it": damage})
    database.engine.dispose()
    with open_store(old_url) as store:
        assert all(list(store.results(campaign)) and list(store.traces(campaign)) for campaign in CAMPAIGNS)

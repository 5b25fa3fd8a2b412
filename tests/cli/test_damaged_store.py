"""One damaged row is told and left out; whatever reads the others goes on, and nothing unread counts as a yes."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from miniatures.cli.main import main
from miniatures.datamodel.draft import DraftStatus
from miniatures.datamodel.errors import ExitCode
from miniatures.datamodel.prospect import Prospect
from miniatures.datamodel.review import RejectReason
from miniatures.datamodel.standing import State
from miniatures.inputs.campaign import load_campaign
from miniatures.review.reviewing import Reviewable, accept, reject
from miniatures.review.standings import standings
from miniatures.store.open import open_store

MAYA = "maya.lind@northmill-bakery.example"
DAMAGE = ["{}", "", "not JSON", '{"id": 1', "null", "[]", '{"status": "a newer word"}', "\x1b[2J"]


def change(folder: Path, statement: str, *values: str) -> None:
    path = load_campaign(folder).store_url.removeprefix("sqlite:///")
    with sqlite3.connect(path) as connection:
        assert connection.execute(statement, values).rowcount > 0
    connection.close()


def reviewed(folder: Path, *actions: str) -> dict[str, State]:
    """Maya's draft is reviewed; the campaign's states by address."""
    loaded = load_campaign(folder)
    with open_store(loaded.store_url) as store:
        [result] = [one for one in store.results(loaded.name) if one.prospect.email == MAYA]
        assert result.draft is not None
        text, own = result.draft.text.model_dump(), result.draft.id
        item = Reviewable(own, text, loaded.name, result.prospect.key, draft=own)
        for name, action in enumerate(actions):
            made = accept(item, f"r{name}") if action == "accept" else reject(item, f"r{name}", RejectReason.GENERIC)
            asyncio.run(store.add_review(made))
    return states(folder)


def states(folder: Path) -> dict[str, State]:
    loaded = load_campaign(folder)
    with open_store(loaded.store_url) as store:
        return {one.prospect.email: one.state for one in standings(loaded, store)}


@pytest.fixture
def command(ran: Path, capfd: pytest.CaptureFixture[str]) -> Iterator[object]:
    def run(*arguments: str) -> tuple[str, str]:
        assert main([arguments[0], str(ran), *arguments[1:]]) == ExitCode.OK
        shown = capfd.readouterr()
        return shown.out, shown.err

    return run


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_result_is_a_named_failure_and_the_others_are_shown(ran, command, damage, caplog):
    change(ran, "UPDATE results SET document = ? WHERE status = 'needs_review'", damage)
    out, _ = command("drafts", "--jsonl")
    rows = {row["email"]: row for row in map(json.loads, out.splitlines())}
    assert (rows[MAYA]["status"], len(rows)) == ("failed", 4)
    assert "do it again: miniatures run CAMPAIGN --redo EMAIL" in rows[MAYA]["reason"]
    [told] = {record.getMessage() for record in caplog.records}
    assert "results" in told and "--redo" in told and "\x1b" not in told
    for arguments in (["status"], ["drafts"], ["drafts", MAYA], ["report"], ["export"], ["traces"]):
        command(*arguments)
    command("review", "--list")


def test_bytes_that_are_no_text_spoil_their_own_row_alone(ran, command):
    change(ran, "UPDATE results SET document = CAST(x'ff7b' AS TEXT) WHERE status = 'needs_review'")
    out, _ = command("drafts", "--jsonl")
    assert [json.loads(line)["status"] for line in out.splitlines()] == ["failed", "blocked", "pending", "pending"]


def test_doing_the_prospect_again_mends_it(ran):
    loaded = load_campaign(ran)
    with open_store(loaded.store_url) as store:
        [before] = [one for one in store.results(loaded.name) if one.prospect.email == MAYA]
        change(ran, "UPDATE results SET document = '{}' WHERE status = 'needs_review'")
        assert states(ran)[MAYA] is State.FAILED
        asyncio.run(store.save_result(before))
    assert states(ran)[MAYA] is State.NEEDS_REVIEW


@pytest.mark.parametrize("table", ["traces", "spans"])
def test_damaged_history_is_left_out(ran, command, table, caplog):
    change(ran, f"UPDATE {table} SET document = ?", "{}")
    out, _ = command("traces", "--jsonl")
    assert [json.loads(line)["entry"] for line in out.splitlines()] == [{"traces": "span", "spans": "trace"}[table]]
    assert f"row {table} " in caplog.text
    command("traces", MAYA)


def test_a_damaged_row_of_the_list_is_left_out(ran, command):
    change(ran, "UPDATE prospects SET document = 'x' WHERE prospect IN (SELECT prospect FROM results)")
    out, _ = command("drafts", "--jsonl")
    assert len(out.splitlines()) == 4, "results carry their prospect"


def test_a_status_of_a_newer_version_is_no_result(ran):
    change(ran, "UPDATE results SET status = 'posted'")
    loaded = load_campaign(ran)
    with open_store(loaded.store_url) as store:
        people = [row for row in loaded.prospects() if isinstance(row, Prospect)]
        assert asyncio.run(store.statuses(loaded.name, "policy", people)) == {}
        assert store.counts(loaded.name)[DraftStatus.PENDING] == 3


def test_a_rejection_that_cannot_be_read_never_becomes_a_yes(ran, caplog):
    assert reviewed(ran, "accept", "reject")[MAYA] is State.REJECTED
    change(ran, "UPDATE reviews SET document = '{}' WHERE action = 'reject'")
    assert states(ran)[MAYA] is State.NEEDS_REVIEW
    assert "reviews" in caplog.text
    change(ran, "DELETE FROM reviews WHERE action = 'reject'")
    assert states(ran)[MAYA] is State.APPROVED


@pytest.mark.parametrize("value", ["'\x1b[2J'", "x'00ff'", "9223372036854775807"])
@pytest.mark.parametrize("column", ["started_at", "ended_at"])
def test_a_moment_that_is_none_is_told_in_one_sentence(ran, column, value, capsys):
    change(ran, f"UPDATE runs SET {column} = {value}")
    assert main(["status", str(ran)]) == ExitCode.STORE_UNAVAILABLE
    assert "holds a value of another kind" in capsys.readouterr().err


@pytest.mark.parametrize(
    "change_of_a_key",
    [
        "UPDATE prospects SET prospect = CAST(x'ff' AS TEXT) WHERE position = (SELECT max(position) FROM prospects)",
        "UPDATE prospects SET position = CAST(x'ff' AS TEXT)",
    ],
)
def test_a_key_that_is_no_text_ends_the_listing_in_one_sentence(ran, change_of_a_key, capsys):
    """It is read as another text than the database orders by, so its page came again and again, for ever."""
    path = load_campaign(ran).store_url.removeprefix("sqlite:///")
    with sqlite3.connect(path) as connection:
        connection.execute(change_of_a_key)
    connection.close()
    assert main(["status", str(ran)]) == ExitCode.STORE_UNAVAILABLE
    assert "holds a value of another kind" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("statement", "command_line"),
    [
        ("UPDATE spans SET total_ms = x'00ff'", "traces"),
        ("UPDATE spans SET kind = x'00ff'", "traces"),
        ("UPDATE runs SET outcome = x'00ff'", "status"),
    ],
)
def test_bytes_where_a_number_or_a_text_stands_are_told_in_one_sentence(ran, statement, command_line, capsys):
    change(ran, statement)
    assert main([command_line, str(ran)]) == ExitCode.STORE_UNAVAILABLE
    told = capsys.readouterr().err
    assert "holds a value of another kind" in told and len(told.splitlines()) == 2

"""`miniatures outbox` and `miniatures send`: what is told of an outbox that may be long."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from miniatures.cli.main import app
from miniatures.datamodel.message import MessageState, ServerReply
from miniatures.delivery.queueing import queue_approved
from miniatures.inputs.campaign import load_campaign
from miniatures.store.mail.outbox_claim import Claim
from miniatures.store.mail.transitions import Settled
from miniatures.store.open import open_store
from tests.delivery.approved import sending_campaign
from tests.delivery.conftest import own_list

__all__ = ["own_list"]


async def nobodys(domain: str) -> str:
    return domain


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A campaign of which three emails wait."""
    loaded = sending_campaign(tmp_path / "desk", 25, approve=3)
    with open_store(loaded.store_url) as store:
        asyncio.run(queue_approved(loaded, store, now=store.now(), provider_of=nobodys))
    return tmp_path / "desk"


def said(*arguments: str) -> str:
    result = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    return result.output


def test_a_long_outbox_is_cut_and_counted(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("miniatures.cli.outbox._SHOWN", 2)
    for options, more in (((), 1), (("--state", "queued"), 1), (("--state", "accepted"), 0)):
        told = said("outbox", str(folder), *options)
        assert "3 queued" in told
        assert ("1 more; --json prints all." in told) is bool(more)
    assert len(json.loads(said("outbox", str(folder), "--json"))) == 3


def test_a_pause_is_told_and_resumed(folder: Path) -> None:
    told = said("outbox", str(folder), "--pause", "lunch")
    assert "Paused: everything" in told
    assert "lunch" in told
    assert "it is paused" in said("send", str(folder))
    resumed = said("outbox", str(folder), "--resume")
    assert "Resumed: 1 pause ended." in resumed and "Paused" not in resumed
    assert "Nothing was paused." in said("outbox", str(folder), "--resume")


def test_what_a_server_asked_of_a_mailbox_is_told_by_its_name_and_another_mailboxs_is_not(folder: Path) -> None:
    async def rest() -> None:
        with open_store(load_campaign(folder, trusted=True).store_url) as store:
            for mailbox in ("rosa@sender.example", "robin@sender.example"):
                await store.mail.pauses.pause("", mailbox=mailbox, provider="slow.example", why="421 too fast")

    asyncio.run(rest())
    told = said("outbox", str(folder))
    assert told.count("Paused") == 1
    assert "Paused: mailbox sales to slow.example (for every campaign), until" in told


def test_each_is_shown_when_it_is_due_with_its_whole_address(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    rows = json.loads(said("outbox", str(folder), "--json"))
    for told in (said("outbox", str(folder)), said("outbox", str(folder), "--state", "queued")):
        assert "When (UTC)" in told
        for row in rows:
            [line] = [line for line in told.splitlines() if row["address"] in line]
            assert f"due {row['due_at'][5:10]} {row['due_at'][11:16]}" in line
    assert all(row["id"] in told for row in rows)


def test_a_long_answer_is_cut_behind_its_codes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    asyncio.run(_refuse_all(folder))
    told = said("outbox", str(folder))
    assert told.count("550 5.1.1") == 3 and "…" in told and "due" not in told
    assert all(len(line) <= 80 for line in told.splitlines())


async def _refuse_all(folder: Path) -> None:
    loaded = load_campaign(folder, trusted=True)
    with open_store(loaded.store_url) as store:
        answer = ServerReply(stage="rcpt", code=550, text="5.1.1 there is nobody of this name here, nor ever was one")
        claimed = await store.mail.outbox.claim(Claim(loaded.name, "rosa@sender.example", "one", store.now(), 10, ()))
        settled = [Settled(row, MessageState.REJECTED, answer) for row in claimed]
        await store.mail.outbox.settle(settled, "one")


def test_a_state_that_none_is_in_is_said(folder: Path) -> None:
    assert "None is uncertain." in said("outbox", str(folder), "--state", "uncertain")


def test_where_nothing_is_approved_it_is_said_what_waits_for_review(tmp_path: Path) -> None:
    sending_campaign(tmp_path / "desk", 25, drafts=3, approve=0)
    for options in ((), ("--dry-run", str(tmp_path / "dry"))):
        told = said("send", str(tmp_path / "desk"), *options)
        assert "3 drafts to review: " in told and f"review {tmp_path / 'desk'}" in told
    assert "mailbox sales: nothing to send" in said("send", str(tmp_path / "desk"))


def test_a_dry_run_names_its_files_by_address_and_step(tmp_path: Path) -> None:
    sending_campaign(tmp_path / "other", 25, drafts=2, approve=2)
    said("send", str(tmp_path / "other"), "--dry-run", str(tmp_path / "dry"))
    written = sorted(path.name for path in (tmp_path / "dry").iterdir())
    assert len(written) == 2 and all("@" in name and name.endswith("-0.eml") for name in written)


def test_status_says_what_became_of_the_emails(folder: Path) -> None:
    told = said("status", str(folder))
    assert re.search(r"^queued +3 *$", told, re.MULTILINE)
    assert "approved" not in told.partition("Send what was approved:")[0]
    by_status = json.loads(said("status", str(folder), "--json"))["by_status"]
    assert (by_status["queued"], by_status["approved"]) == (3, 0)

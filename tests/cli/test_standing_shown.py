"""What the commands say of emails that were sent, answered, refused and followed up: the same, each of them."""

from __future__ import annotations

import asyncio
import csv
import json
import re
from collections import Counter
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest

from miniatures.cli.main import main
from miniatures.datamodel.errors import ExitCode
from miniatures.datamodel.message import CancelReason, MessageState
from miniatures.inputs.campaign import LoadedCampaign, campaign_places
from miniatures.inputs.reach import reach_of
from miniatures.inputs.trust import trust
from miniatures.store.open import open_store
from tests.app.web.mail_campaign import rows_in, write_mail_campaign

FIRSTS = {
    "replied": 1,
    "unsubscribed": 1,
    "uncertain": 2,
    "leaving": 1,
    "queued": 1,
    "refused": 1,
    "cancelled": 1,
    "needs_review": 1,
}


@pytest.fixture
def sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LoadedCampaign:
    monkeypatch.setenv("MINIATURES_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "120")
    loaded = write_mail_campaign(tmp_path / "desk")
    trust(loaded.path, reach_of(campaign_places(loaded.path)))
    return loaded


@pytest.fixture
def followed(sent: LoadedCampaign) -> str:
    """The address of somebody to whom a follow-up was written, and whose first email is uncertain."""

    async def write() -> str:
        with open_store(sent.store_url) as store:
            row = rows_in(sent, MessageState.UNCERTAIN)[0].message
            first = store.result(sent.name, row.prospect)
            assert first is not None and first.draft is not None
            own = first.draft.model_copy(update={"id": "f" * 32, "subject": "Once more", "body": "Hi,\n\nonce more."})
            await store.save_result(first.model_copy(update={"policy": f"{first.policy}+1", "draft": own}))
            return row.address

    return asyncio.run(write())


@pytest.fixture
def call(sent: LoadedCampaign, capsys: pytest.CaptureFixture[str]) -> Any:
    def run(command: str, *options: object) -> str:
        capsys.readouterr()
        assert main([command, str(sent.path), *map(str, options)]) == ExitCode.OK
        return capsys.readouterr().out

    return run


def test_drafts_and_status_count_the_same(call: Any) -> None:
    rows = [json.loads(line) for line in call("drafts", "--jsonl").splitlines()]
    assert Counter(row["status"] for row in rows) == FIRSTS
    by_status = json.loads(call("status", "--json"))["by_status"]
    assert {state: number for state, number in by_status.items() if number} == FIRSTS
    assert {row["status"] for row in rows if row["sent_at"]} == {"replied", "unsubscribed"}


def test_no_list_says_approved_of_what_is_on_its_way(call: Any) -> None:
    for told in (call("drafts"), call("status"), call("export", "--status", "all")):
        assert not re.search(r"^ *approved\b|,approved,", told, re.MULTILINE)
    assert call("drafts", "--status", "approved", "--jsonl") == ""
    assert len(call("drafts", "--status", "uncertain", "--jsonl").splitlines()) == 2


def test_the_listing_says_why_an_email_did_not_arrive(call: Any) -> None:
    told = call("drafts")
    assert re.search(r"^refused .* rcpt 550 5\.1\.1 no such user *$", told, re.MULTILINE)
    assert re.search(r"^cancelled .* they had answered before it left *$", told, re.MULTILINE)


def test_a_follow_up_is_a_line_of_its_own(call: Any, followed: str) -> None:
    told = call("drafts")
    assert re.search(rf"^ready +{followed} .*1: Once more *$", told, re.MULTILINE)
    assert "9 prospects: " in told and "1 follow-up: 1 ready" in told
    rows = [json.loads(line) for line in call("drafts", "--jsonl").splitlines()]
    assert [row["step"] for row in rows] == [0] * 9 + [1]
    status = json.loads(call("status", "--json"))
    assert (status["prospects"], status["follow_ups"]["by_status"]) == (9, {"ready": 1})
    shown = call("drafts", followed)
    assert shown.index("it may have left: data ") < shown.index("Follow-up 1  ready") < shown.index("Once more")
    assert [one["subject"] for one in json.loads(call("drafts", followed, "--json"))["follow_ups"]] == ["Once more"]


def test_what_others_may_send_is_not_what_is_on_its_way(call: Any, followed: str) -> None:
    [header, row] = csv.reader(call("export").splitlines(keepends=True))
    told = dict(zip(header, row, strict=True))
    assert told["email"] == followed
    assert (told["miniatures_status"], told["miniatures_subject"], told["miniatures_body"]) == ("uncertain", "", "")
    assert told["miniatures_follow_up_1_status"] == "ready"
    assert told["miniatures_follow_up_1_body"].split() == ["Hi,", "once", "more."]


def test_the_whole_list_says_when_each_was_sent(call: Any, sent: LoadedCampaign) -> None:
    header, *rows = csv.reader(call("export", "--status", "all").splitlines(keepends=True))
    assert not any("follow_up" in name for name in header)
    told = {row[0]: dict(zip(header, row, strict=True)) for row in rows}
    for row in rows_in(sent, MessageState.ACCEPTED):
        assert row.sent_at is not None
        mine = told[row.message.address]
        assert mine["miniatures_sent_at"] == f"{row.sent_at:%Y-%m-%d %H:%M}"
        assert mine["miniatures_subject"] == row.message.subject
    assert len(rows) == 9


def test_preview_shows_the_follow_up_in_its_thread(call: Any, followed: str, tmp_path: Path) -> None:
    shown = json.loads(call("preview", followed, "--json", "--out", tmp_path))
    [row] = shown["follow_ups"]
    assert (shown["step"], shown["status"], row["step"], row["status"]) == (0, "uncertain", 1, "ready")
    assert [Path(file).name for file in row["files"]] == [f"{followed}.follow-up-1.eml", f"{followed}.follow-up-1.html"]
    first, later = (message_from_bytes(Path(one["files"][0]).read_bytes(), policy=default) for one in (shown, row))
    assert (later["Subject"], later["To"]) == ("Once more", first["To"])
    told = call("preview", followed)
    assert "It is in the outbox, uncertain: these are its very bytes." in told
    assert "Follow-up 1, ready\nNobody has approved this draft" in told


def test_preview_without_an_address_shows_what_leaves_next_else_what_left(call: Any, sent: LoadedCampaign) -> None:
    assert json.loads(call("preview", "--json"))["status"] == "queued"
    [row] = rows_in(sent, MessageState.QUEUED)
    with open_store(sent.store_url) as store:
        asyncio.run(store.mail.outbox.cancel(sent.name, row.message.prospect, CancelReason.BY_HAND))
    assert json.loads(call("preview", "--json"))["status"] in ("replied", "unsubscribed", "leaving", "uncertain")


def test_what_there_is_to_do_is_named(call: Any) -> None:
    told = call("status")
    for line in ("Read the drafts: ", "Send what was approved: ", "Say what became of the uncertain ones: "):
        assert told.count(line) == 1
    assert re.search(r"Read what people answered: .* --list", told)

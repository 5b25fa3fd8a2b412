"""`dataset replies` writes what people corrected, about strangers, and `dataset build` takes it."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from miniatures.cli.main import main
from miniatures.datamodel.draft import DraftStatus
from miniatures.datamodel.errors import ExitCode
from miniatures.datamodel.inbound import Inbound, InboundKind, ReplyClass
from miniatures.datamodel.prospect import Prospect
from miniatures.datamodel.result import ProspectResult
from miniatures.inputs.campaign import load_campaign
from miniatures.inputs.scaffold import create_campaign
from miniatures.store.mail.inbox import row_id
from miniatures.store.open import open_store
from miniatures.store.store import Store

MAYA = Prospect(email="maya@north.example", first_name="Maya", last_name="Okoro", company="Northmill")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINIATURES_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)


def _campaign(name: str, *texts: str) -> None:
    """A campaign in a folder of its name, whose prospect answered; of each answer a model thinks that it is neutral."""
    create_campaign(Path(name))

    async def keep(store: Store) -> None:
        await store.save_result(ProspectResult(campaign=name, prospect=MAYA, status=DraftStatus.READY))
        for number, text in enumerate(texts):
            mail = Inbound(
                id=row_id("sales", f"<{number}@north.example>"),
                campaign=name,
                prospect=MAYA.key,
                mailbox="sales",
                message_id=f"<{number}@north.example>",
                kind=InboundKind.REPLY,
                received_at=datetime(2026, 11, 30, tzinfo=UTC),
                text=text,
            )
            await store.mail.inbox.take_in(mail)
            await store.mail.inbox.classify(mail.id, ReplyClass.NEUTRAL, "encoder:minilm")

    with open_store(load_campaign(Path(name)).store_url) as store:
        asyncio.run(keep(store))


def _correct(name: str, number: int, reply_class: ReplyClass) -> str:
    """The id of the mail that a person corrected."""
    id = row_id("sales", f"<{number}@north.example>")
    with open_store(load_campaign(Path(name)).store_url) as store:
        assert asyncio.run(store.mail.inbox.correct(id, reply_class, "ada"))
    return id


def test_what_people_corrected_becomes_a_dataset_about_strangers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _campaign("autumn", "Not in May.", "Call me in May, or write to okoro@north.example.\n\nMaya Okoro")
    id = _correct("autumn", 1, ReplyClass.POSITIVE)
    assert main(["dataset", "replies", "autumn", "--out", "replies.jsonl"]) == ExitCode.OK
    assert capsys.readouterr().out == "Wrote replies.jsonl: 1 corrected reply\n"
    [line] = (tmp_path / "replies.jsonl").read_text("utf-8").splitlines()
    record = json.loads(line)
    assert (record["id"], record["class"]) == (id, "positive")
    assert record["offer"] == load_campaign(Path("autumn")).brief.offer
    assert record["text"].startswith("Call me in May, or write to ")
    for word in ("Maya", "Okoro", "okoro", "north.example"):
        assert word not in record["text"]

    sides = ["--test", "0", "--validation", "0", "--role", "reply_reader", "--variant", "passage"]
    assert main(["dataset", "build", "--from", "replies.jsonl", "--out", "data", *sides, "--json"]) == ExitCode.OK
    built = json.loads(capsys.readouterr().out)
    assert (built["roles"], built["sources"]) == ({"reply_reader": 1}, ["replies:replies.jsonl"])


def test_where_nobody_corrected_anything_no_file_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _campaign("autumn", "Not in May.")
    assert main(["dataset", "replies", "autumn", "--out", "replies.jsonl"]) == ExitCode.BAD_INPUT
    told = capsys.readouterr().err
    assert "nobody has corrected a reply to autumn yet" in told
    assert "inbox autumn --list" in told
    assert not (tmp_path / "replies.jsonl").exists()


@pytest.mark.parametrize("out", ["replies.csv", "autumn/campaign.yaml"])
def test_only_a_file_of_its_own_is_written(capsys: pytest.CaptureFixture[str], out: str) -> None:
    _campaign("autumn", "Not in May.")
    before = Path("autumn/campaign.yaml").read_bytes()
    assert main(["dataset", "replies", "autumn", "--out", out]) == ExitCode.BAD_INPUT
    assert "must end in .jsonl" in capsys.readouterr().err
    assert Path("autumn/campaign.yaml").read_bytes() == before

"""`miniatures inbox` takes in what came, tells of it, and lets a person correct what a reply means."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
import yaml
from typer.testing import CliRunner

from miniatures.cli.inbox import _rounds, inbox
from miniatures.datamodel.errors import InputError
from miniatures.datamodel.inbound import Inbound, ReplyClass
from miniatures.datamodel.message import Message, OutboxRow
from miniatures.delivery.inbound.hear import Reading
from miniatures.delivery.inbound.source import InboxUnavailable
from miniatures.inputs.campaign import load_campaign
from miniatures.inputs.scaffold import create_campaign
from miniatures.store.open import open_store
from tests.delivery.inbound.scene import message_id, sent
from tests.delivery.inbound.written import mail_of
from tests.store.mail.emails import CAMPAIGN

Said = Callable[..., str]


class _Reader:
    async def read(self, inbound: Inbound, answered: OutboxRow) -> Reading | None:
        return Reading(ReplyClass.NEUTRAL, "test:reader")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A campaign whose answers arrive in a maildir."""
    monkeypatch.setattr("miniatures.store.mail.suppressions.user_data_path", lambda name: tmp_path / "home")
    monkeypatch.setattr("miniatures.delivery.inbound.hearing.open_reader", lambda *_: _Reader())
    folder = tmp_path / CAMPAIGN
    create_campaign(folder)
    file = folder / "campaign.yaml"
    box = {"address": "rosa@sender.example", "smtp": {"host": "127.0.0.1"}, "inbox": {"maildir": "box"}}
    settings = yaml.safe_load(file.read_text("utf-8")) | {"send": {"mailboxes": {"sales": box}}}
    file.write_text(yaml.safe_dump(settings), encoding="utf-8")
    for part in ("new", "cur", "tmp"):
        (folder / "box" / part).mkdir(parents=True)
    return folder


@pytest.fixture
def first(folder: Path) -> Message:
    """An email that has left."""

    async def send() -> Message:
        with open_store(load_campaign(folder).store_url) as store:
            return await sent(store)

    return asyncio.run(send())


@pytest.fixture
def said(folder: Path) -> Said:
    app = typer.Typer()
    app.command()(inbox)

    def run(*options: str) -> str:
        result = CliRunner().invoke(app, [str(folder), *options])
        if result.exception is not None and not isinstance(result.exception, SystemExit | typer.Exit):
            raise result.exception
        return result.output

    return run


def _put(folder: Path, *mails: bytes) -> None:
    for number, mail in enumerate(mails):
        (folder / "box" / "new" / f"mail{number}").write_bytes(mail)


def test_what_came_is_told_once(folder: Path, first: Message, said: Said) -> None:
    _put(folder, mail_of("Perhaps in May.\x1b[31m", In_Reply_To=message_id(first)))
    told = said()
    assert "reply" in told
    assert "person1@company1.example  neutral" in told
    assert "Perhaps in May." in told
    assert "\x1b[31m" not in told
    assert said() == "Nothing new.\n"


def test_a_stranger_who_asks_to_be_left_alone_is_named(folder: Path, first: Message, said: Said) -> None:
    _put(folder, mail_of("Please stop", From="who@elsewhere.example"))
    told = said()
    assert "who@elsewhere.example asks to be left alone" in told
    assert "suppress add who@elsewhere.example" in told


def test_programs_read_json(folder: Path, first: Message, said: Said) -> None:
    _put(folder, mail_of("Perhaps in May.", In_Reply_To=message_id(first)))
    told = json.loads(said("--json"))
    assert told["counts"] == {"reply": 1}
    [reply] = told["replies"]
    assert (reply["text"], reply["reply_class"], reply["classified_by"]) == (
        "Perhaps in May.",
        "neutral",
        "test:reader",
    )


def test_a_person_corrects_a_class(folder: Path, first: Message, said: Said) -> None:
    _put(folder, mail_of("Perhaps in May.", In_Reply_To=message_id(first)))
    id = json.loads(said("--json"))["replies"][0]["id"]
    assert "is now positive" in said("--correct", f"{id[:8]}=positive", "--reviewer", "ada")
    with open_store(load_campaign(folder).store_url) as store:
        [corrected] = store.mail.inbox.stream(CAMPAIGN)
    assert (corrected.reply_class, corrected.classified_by) == (ReplyClass.POSITIVE, "ada")


def test_replies_so_far_are_listed_with_their_ids_and_no_mailbox_is_read(
    folder: Path, first: Message, said: Said
) -> None:
    assert said("--list") == "Nobody has written yet.\n"
    _put(folder, mail_of("Perhaps in May.", In_Reply_To=message_id(first)))
    id = json.loads(said("--json"))["replies"][0]["id"]
    (folder / "box" / "cur").rmdir()
    listed = said("--list")
    assert f"{id[:8]}  person1@company1.example  neutral" in listed
    assert [one["id"] for one in json.loads(said("--list", "--json"))] == [id]


def test_a_reply_that_is_not_there_is_not_corrected(first: Message, said: Said) -> None:
    with pytest.raises(InputError, match="no reply of this campaign") as refused:
        said("--correct", "0000=positive")
    assert refused.value.hint.endswith("--list")


@pytest.mark.parametrize("correction", ["=positive", "nonsense", "3f9a01c2="])
def test_a_correction_names_a_reply_and_a_class(first: Message, said: Said, correction: str) -> None:
    with pytest.raises(InputError, match="names no id and class") as refused:
        said("--correct", correction)
    assert refused.value.hint == "Write ID=CLASS: 3f9a01c2=positive"


def test_a_class_that_there_is_not_is_named(folder: Path, first: Message, said: Said) -> None:
    _put(folder, mail_of("Perhaps in May.", In_Reply_To=message_id(first)))
    id = json.loads(said("--json"))["replies"][0]["id"]
    with pytest.raises(InputError, match="there is no class 'maybe'"):
        said("--correct", f"{id}=maybe")


def test_without_a_reader_replies_are_taken_in(
    folder: Path, first: Message, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    def closed(*_: object) -> None:
        raise InputError("the model is not there")

    monkeypatch.setattr("miniatures.delivery.inbound.hearing.open_reader", closed)
    _put(folder, mail_of("Perhaps in May.", In_Reply_To=message_id(first)))
    told = said()
    assert "Replies are taken in and not classified: the model is not there" in told
    assert "person1@company1.example  not classified" in told


def test_a_mailbox_that_is_not_there_is_named(folder: Path, first: Message, said: Said) -> None:
    (folder / "box" / "cur").rmdir()
    with pytest.raises(InboxUnavailable, match="is no maildir"):
        said()


async def test_only_whoever_watches_is_told_of_another_try(folder: Path, first: Message) -> None:
    (folder / "box" / "cur").rmdir()
    loaded, told, stop = load_campaign(folder), [], asyncio.Event()
    stop.set()
    with open_store(loaded.store_url) as store:
        await _rounds(loaded, store, lambda _: None, told.append, stop)
    [line] = told
    assert re.search(r"mailbox sales: .* is no maildir.*The next try is at \d\d:\d\d UTC$", line)

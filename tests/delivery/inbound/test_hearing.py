"""Inboxes on real servers: one that several campaigns name is read once, and one that refuses is not knocked at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
import yaml

from miniatures.delivery.inbound.hear import Heard
from miniatures.delivery.inbound.hearing import hearing
from miniatures.inputs.campaign import LoadedCampaign, load_campaign
from miniatures.inputs.scaffold import create_campaign
from miniatures.store.open import open_store
from miniatures.store.store import Store
from tests.delivery.inbound.written import mail_of
from tests.mail_servers.real_mail import MailServer

PASSWORDS = "MINIATURES_TEST_PASSWORD_"
Campaign = Callable[..., LoadedCampaign]


class Moment:
    """The time that it is."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def at() -> Moment:
    return Moment(datetime.now(UTC))


@pytest.fixture
def listening(store_url: str, at: Moment, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setattr("miniatures.delivery.inbound.hearing.open_reader", lambda *_: None)
    for name in ("sales", "robin", "rosa", "info"):
        monkeypatch.setenv(f"{PASSWORDS}{name}", "secret")
    with open_store(store_url, now=at) as opened:
        yield opened


@pytest.fixture
def campaign(tmp_path: Path, mail_server: MailServer) -> Campaign:
    """Writes a campaign with mailboxes whose inboxes are on the real server: names with their addresses."""

    def write(name: str, boxes: dict[str, str], *, inbox_of: str = "") -> LoadedCampaign:
        create_campaign(tmp_path / name)
        file = tmp_path / name / "campaign.yaml"
        written = {box: _box(box, address, inbox_of or address) for box, address in boxes.items()}
        settings = yaml.safe_load(file.read_text("utf-8")) | {"send": {"mailboxes": written}}
        file.write_text(yaml.safe_dump(settings), encoding="utf-8")
        return load_campaign(tmp_path / name, trusted=True)

    def _box(name: str, address: str, user: str) -> dict[str, object]:
        login = {"user": user, "password": f"{PASSWORDS}{name}"}
        inbox = {"host": "localhost", "port": mail_server.imap_port, "tls": "none", "login": login}
        return {"address": address, "smtp": {"host": "127.0.0.1"}, "inbox": inbox}

    return write


def someone(server: MailServer, mails: int) -> str:
    """A new user, to whom so many mails have come."""
    address = f"{uuid4().hex[:8]}@rounds.example"
    server.add_user(address)
    for number in range(mails):
        server.deliver(mail_of("Lunch?", Message_ID=f"<{uuid4().hex}@x.example>"), address, f"friend{number}@x.example")
    server.await_messages(address, mails)
    return address


async def heard(loaded: LoadedCampaign, store: Store) -> Heard:
    return await hearing(loaded, store, print)()


async def test_an_inbox_is_read_once_whatever_the_campaigns_call_it(
    listening: Store, campaign: Campaign, mail_server: MailServer
) -> None:
    rosa = someone(mail_server, 2)
    autumn, spring = campaign("autumn", {"sales": rosa}), campaign("spring", {"robin": rosa})
    assert (await heard(autumn, listening)).counts.total() == 2
    assert (await heard(spring, listening)).counts.total() == 0


async def test_an_alias_into_the_same_inbox_reads_nothing_anew(
    listening: Store, campaign: Campaign, mail_server: MailServer
) -> None:
    rosa = someone(mail_server, 2)
    boxes = {"sales": rosa, "info": "info@rounds.example"}
    assert (await heard(campaign("autumn", boxes, inbox_of=rosa), listening)).counts.total() == 2
    assert (await heard(campaign("spring", {"info": "info@rounds.example"}, inbox_of=rosa), listening)).counts == {}


async def test_another_inbox_under_the_same_name_is_read_whole(
    listening: Store, campaign: Campaign, mail_server: MailServer
) -> None:
    rosa, robin = someone(mail_server, 3), someone(mail_server, 2)
    assert (await heard(campaign("autumn", {"sales": rosa}), listening)).counts.total() == 3
    assert (await heard(campaign("spring", {"sales": robin}), listening)).counts.total() == 2


async def test_a_password_that_is_not_set_silences_its_own_inbox_alone(
    listening: Store, campaign: Campaign, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(f"{PASSWORDS}rosa")
    rosa, robin = someone(mail_server, 1), someone(mail_server, 1)
    found = await heard(campaign("autumn", {"rosa": rosa, "robin": robin}), listening)
    assert found.counts.total() == 1, "the other's"
    assert list(found.unread) == [rosa] and f"{PASSWORDS}rosa is not set" in found.unread[rosa].told


async def test_a_server_that_refuses_the_login_is_left_alone_for_a_while_and_the_others_are_read(
    listening: Store, campaign: Campaign, mail_server: MailServer, at: Moment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"{PASSWORDS}rosa", "wrong")
    rosa, robin = someone(mail_server, 1), someone(mail_server, 1)
    listen = hearing(campaign("autumn", {"rosa": rosa, "robin": robin}), listening, print)
    first = await listen()
    assert first.counts.total() == 1, "the other's"
    assert list(first.unread) == [rosa]
    assert "Authentication failed" in first.unread[rosa].told
    assert first.unread[rosa].next_try == at.now + timedelta(minutes=5)

    monkeypatch.setenv(f"{PASSWORDS}rosa", "secret")
    at.now += timedelta(minutes=4)
    second = await listen()
    assert (second.counts.total(), second.unread) == (0, first.unread), "nobody has knocked"
    at.now += timedelta(minutes=2)
    third = await listen()
    assert (third.counts.total(), third.unread) == (1, {})

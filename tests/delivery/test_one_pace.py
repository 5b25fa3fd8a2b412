"""A mailbox is its address: by whatever name the campaigns of a store call it, it has one pace."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from miniatures.datamodel.message import Message, MessageState
from miniatures.datamodel.send_settings import SendSettings
from miniatures.delivery.mailbox_pace import mailbox_paces
from miniatures.store.open import open_store
from miniatures.store.store import Store
from tests.delivery.sending import WoundClock, send, settings_for
from tests.mail_servers.unruly_smtp import Fault, Stage, UnrulySmtp
from tests.store.databases import postgres_server, postgres_url, store_url
from tests.store.mail.emails import CAMPAIGN, MAILBOX, MONDAY, email_to, queue

__all__ = ["postgres_server", "postgres_url", "store_url"]

SPRING = "spring"


@pytest.fixture
def clock() -> WoundClock:
    return WoundClock()


@pytest.fixture
def store(store_url: str, clock: WoundClock) -> Iterator[Store]:
    with open_store(store_url, now=clock.now) as opened:
        yield opened


async def both_send(store: Store, autumn: SendSettings, spring: SendSettings, clock: WoundClock) -> list[int]:
    """How much leaves for the one campaign, and then for the other."""
    sent = [
        await send(store, settings, campaign=campaign, sender=campaign, clock=clock)
        for campaign, settings in ((CAMPAIGN, autumn), (SPRING, spring))
    ]
    return [one.count(MessageState.ACCEPTED) for one in sent]


def three_to_each(mailbox: str = MAILBOX, other: str = MAILBOX) -> list[Message]:
    autumn = [email_to(number, mailbox=mailbox) for number in range(3)]
    return autumn + [email_to(number, mailbox=other, campaign=SPRING) for number in range(10, 13)]


async def test_two_names_of_one_address_share_the_cap_of_a_day(store: Store, clock: WoundClock) -> None:
    await queue(store, *three_to_each())
    with UnrulySmtp() as server:
        autumn = settings_for(server.port, per_day=4, name="sales")
        spring = settings_for(server.port, per_day=4, name="robin", address="Rosa@Sender.example")
        assert await both_send(store, autumn, spring, clock) == [3, 1]
        assert [mailbox_paces(store, SPRING, spring, clock.now())[0].sent] == [4]
        clock.time += timedelta(days=1)
        assert await both_send(store, autumn, spring, clock) == [0, 2]


async def test_each_campaign_keeps_its_own_cap_of_what_all_sent(store: Store, clock: WoundClock) -> None:
    await queue(store, *three_to_each())
    with UnrulySmtp() as server:
        autumn, spring = settings_for(server.port, per_day=100), settings_for(server.port, per_day=2)
        assert await both_send(store, autumn, spring, clock) == [3, 0]


async def test_two_addresses_of_one_name_have_a_cap_each(store: Store, clock: WoundClock) -> None:
    other = "robin@sender.example"
    await queue(store, *three_to_each(other=other))
    with UnrulySmtp() as server:
        autumn = settings_for(server.port, per_day=2)
        assert await both_send(store, autumn, settings_for(server.port, per_day=2, address=other), clock) == [2, 2]


async def test_a_provider_that_asks_for_less_is_left_alone_by_every_campaign_of_the_mailbox(
    store: Store, clock: WoundClock
) -> None:
    await queue(store, email_to(1, provider="slow.example"), email_to(2, provider="slow.example", campaign=SPRING))
    with UnrulySmtp(Fault(at=Stage.RCPT, reply="421 4.7.0 too fast", recipient=email_to(1).address)) as server:
        settings = settings_for(server.port)
        assert await both_send(store, settings, settings, clock) == [0, 0]
        assert store.mail.pauses.standing(SPRING, clock.now(), ["robin@sender.example"]) == []
        clock.time += timedelta(minutes=2)
        assert (await send(store, settings, campaign=SPRING, clock=clock)).count(MessageState.ACCEPTED) == 1


async def test_a_persons_pause_is_of_one_campaign(store: Store, clock: WoundClock) -> None:
    await queue(store, *three_to_each())
    await store.mail.pauses.pause(CAMPAIGN, mailbox=MAILBOX, why="ada: a look first")
    with UnrulySmtp() as server:
        settings = settings_for(server.port)
        assert await both_send(store, settings, settings, clock) == [0, 3]


async def test_a_persons_pause_outlasts_the_rest_that_a_server_asked_for(store: Store, clock: WoundClock) -> None:
    await queue(store, email_to(1, provider="slow.example"))
    pauses = store.mail.pauses
    await pauses.pause(CAMPAIGN, provider="slow.example", why="ada: they complained")
    await pauses.pause("", mailbox=MAILBOX, provider="slow.example", until=MONDAY + timedelta(hours=1), why="421")
    clock.time += timedelta(hours=2)
    with UnrulySmtp() as server:
        assert (await send(store, settings_for(server.port), clock=clock)).count(MessageState.ACCEPTED) == 0


def test_one_address_has_one_name_in_a_campaign() -> None:
    box = {"smtp": {"host": "127.0.0.1"}}
    boxes = {"first": {"address": MAILBOX, **box}, "second": {"address": "ROSA@sender.example", **box}}
    with pytest.raises(ValueError, match="mailboxes first and second have the same address"):
        SendSettings.model_validate({"mailboxes": boxes})

"""What came back is counted by kind, and a person's word takes the place of a model's."""

from __future__ import annotations

from datetime import timedelta

import pytest

from miniatures.datamodel.inbound import Inbound, InboundKind, ReplyClass
from miniatures.store.store import Store
from tests.store.mail.emails import CAMPAIGN, MONDAY


async def take_in(store: Store, *kinds: InboundKind, campaign: str = CAMPAIGN) -> None:
    for number, kind in enumerate(kinds):
        mail = Inbound(
            campaign=campaign,
            mailbox="sales",
            message_id=f"<{campaign}.{number}@elsewhere.example>",
            kind=kind,
            received_at=MONDAY + timedelta(minutes=number),
        )
        assert await store.mail.inbox.take_in(mail)


async def test_mails_are_counted_by_kind(store: Store) -> None:
    await take_in(store, InboundKind.REPLY, InboundKind.BOUNCE, InboundKind.REPLY)
    await take_in(store, InboundKind.GONE, campaign="spring")
    assert store.mail.inbox.counts(CAMPAIGN) == {InboundKind.BOUNCE: 1, InboundKind.REPLY: 2}
    assert store.mail.inbox.counts("autumn winter") == {}


async def test_the_newest_come_first_and_are_found_by_the_id_that_they_are_listed_with(store: Store) -> None:
    await take_in(store, InboundKind.REPLY, InboundKind.BOUNCE, InboundKind.REPLY)
    listed = list(store.mail.inbox.stream(CAMPAIGN))
    assert [mail.received_at.minute for mail in listed] == [2, 1, 0]
    assert [store.mail.inbox.one(mail.id) for mail in listed] == listed


async def test_a_person_corrects_a_class(store: Store) -> None:
    await take_in(store, InboundKind.REPLY)
    [mail] = store.mail.inbox.stream(CAMPAIGN)
    assert await store.mail.inbox.correct(mail.id, ReplyClass.POSITIVE, "ada")
    assert not await store.mail.inbox.correct("another", ReplyClass.POSITIVE, "ada")
    [now] = store.mail.inbox.stream(CAMPAIGN)
    assert (now.reply_class, now.classified_by) == (ReplyClass.POSITIVE, "ada")


async def test_a_mail_that_comes_while_they_are_read_repeats_none(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("miniatures.store.mail.inbox._PAGE", 2)
    await take_in(store, *[InboundKind.REPLY] * 5)
    stream = store.mail.inbox.stream(CAMPAIGN)
    read = [next(stream), next(stream)]
    newest = read[0].model_copy(
        update={"message_id": "<new@elsewhere.example>", "received_at": MONDAY + timedelta(hours=1)}
    )
    await store.mail.inbox.take_in(newest)
    assert [one.received_at.minute for one in [*read, *stream]] == [4, 3, 2, 1, 0]

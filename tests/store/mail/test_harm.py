"""Harm is read of those whom some may have come from, on both databases, and what is new is noticed."""

from __future__ import annotations

from datetime import timedelta

from miniatures.datamodel.hit import HitKind
from miniatures.datamodel.inbound import InboundKind, ReplyClass
from miniatures.datamodel.message import MessageState, ServerReply
from miniatures.store.mail.outbox_claim import Claim
from miniatures.store.mail.transitions import Settled
from miniatures.store.store import Store
from tests.delivery.ab_campaign import NAME, SENT, enrol, hit, inbound, message, prospect, send

DAY = timedelta(days=1)
PEOPLE = [prospect("student", number, a_company=2) for number in range(6)]
UNKNOWN = ServerReply(stage="rcpt", code=550, text="no such user", enhanced="5.1.1")


async def _refused(store: Store) -> None:
    """The last of them has no such address."""
    await store.mail.outbox.queue([message("student", "p", PEOPLE[5])], due_at=SENT, decisions={})
    [row] = await store.mail.outbox.claim(Claim(NAME, message("student", "p", PEOPLE[5]).mailbox, "one", SENT + DAY, 9))
    await store.mail.outbox.settle([Settled(row, MessageState.REJECTED, UNKNOWN)], "one")


async def test_whoever_was_enrolled_after_their_email_counts_in_their_arm(store: Store) -> None:
    await send(store, [message("", "p", one) for one in PEOPLE[:3]], SENT)
    await enrol(store, "student", PEOPLE[:2])
    assert store.mail.harm.taken(NAME) == {"student": 2}
    assert list(store.mail.harm.taken_by_company(NAME)["student"].values()) == [2]


async def test_only_those_whom_harm_may_have_come_from_are_read(store: Store) -> None:
    await enrol(store, "student", PEOPLE)
    await send(store, [message("student", "p", one) for one in PEOPLE[:5]], SENT)
    news = [store.mail.harm.news(NAME)]
    for mail in (
        inbound(PEOPLE[0], InboundKind.BOUNCE, SENT + DAY),
        inbound(PEOPLE[1], InboundKind.REPLY, SENT + DAY, reply_class=ReplyClass.NEUTRAL),
        inbound(PEOPLE[2], InboundKind.REPLY, SENT + DAY, reply_class=ReplyClass.POSITIVE),
        inbound(PEOPLE[3], InboundKind.OUT_OF_OFFICE, SENT + DAY),
    ):
        await store.mail.inbox.take_in(mail)
        news.append(store.mail.harm.news(NAME))
    [neutral] = store.mail.inbox.of_prospect(NAME, PEOPLE[1].key)
    await store.mail.inbox.correct(neutral.id, ReplyClass.OPT_OUT, "ada")
    news.append(store.mail.harm.news(NAME))
    await store.mail.hits.add(hit(PEOPLE[4], HitKind.UNSUBSCRIBE_POST, SENT + DAY))
    news.append(store.mail.harm.news(NAME))
    await _refused(store)
    news.append(store.mail.harm.news(NAME))
    assert len(set(news)) == len(news) and store.mail.harm.news(NAME) == news[-1]
    concerned = {one.emails[0].id: one for one in store.mail.harm.concerned(NAME)}
    numbers = {number for number, one in enumerate(PEOPLE) if message("student", "p", one).id in concerned}
    assert numbers == {0, 1, 4, 5}
    refused = concerned[message("student", "p", PEOPLE[5]).id]
    assert refused.emails[0].refusal == UNKNOWN and refused.emails[0].refused_at is not None
    opted_out = concerned[message("student", "p", PEOPLE[4]).id]
    assert [len(hits) for hits in opted_out.opt_outs.values()] == [1] and opted_out.inbound == []
    assert store.mail.harm.taken(NAME) == {"student": 5}
    assert sorted(store.mail.harm.taken_by_company(NAME)["student"].values()) == [1, 2, 2]

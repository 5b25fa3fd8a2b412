"""What is known of the emails to a page of prospects, on both databases."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import insert, update

from miniatures.datamodel.arms import Enrolment
from miniatures.datamodel.hit import Hit, HitKind
from miniatures.datamodel.inbound import Inbound, InboundKind, ReplyClass
from miniatures.datamodel.message import MessageState
from miniatures.datamodel.suppression import SuppressionReason
from miniatures.store.mail.inbox import row_id
from miniatures.store.mail.outbox import OUTSIDE_HOURS
from miniatures.store.mail_tables import mail_events, suppressions
from miniatures.store.open import Store
from tests.store.mail.emails import CAMPAIGN, MAILBOX, MONDAY, claim, email_to, queue
from tests.store.mail.test_ab_decisions import decision


async def test_each_prospect_has_their_own_emails_answers_and_opt_outs(store: Store) -> None:
    one, later, other = email_to(1), email_to(1, step=1), email_to(2)
    await queue(store, one, later, other)
    about = {"campaign": CAMPAIGN, "prospect": one.prospect, "message": one.id}
    place = Enrolment(prospect=one.prospect, company="company 1", arm="student", enrolled_at=MONDAY)
    await store.mail.enrolments.add(CAMPAIGN, [place])
    received = {"mailbox": MAILBOX, "kind": InboundKind.REPLY, "received_at": MONDAY + timedelta(days=1)}
    assert await store.mail.inbox.take_in(Inbound.model_validate({**about, **received, "message_id": "<1@x.example>"}))
    for kind in (HitKind.OPEN, HitKind.UNSUBSCRIBE_POST):
        await store.mail.hits.add(Hit.model_validate({**about, "kind": kind, "at": MONDAY}))
    found = store.mail.posted.to(CAMPAIGN, [one.prospect, other.prospect, "nobody"])
    mine = found[one.prospect]
    assert [(row.id, row.step, row.state) for row in mine.emails] == [
        (one.id, 0, MessageState.QUEUED),
        (later.id, 1, MessageState.QUEUED),
    ]
    assert (mine.emails[0].draft, mine.emails[0].text_hash, mine.emails[0].due_at) == ("draft1", one.text_hash, MONDAY)
    assert [mail.kind for mail in mine.inbound] == [InboundKind.REPLY]
    assert [hit.kind for hit in mine.opt_outs] == [HitKind.UNSUBSCRIBE_POST]
    assert [row.id for row in found[other.prospect].emails] == [other.id]
    assert [found[key].arm for key in (one.prospect, other.prospect)] == ["student", ""]
    assert found["nobody"].emails == [] and found[other.prospect].inbound == []


async def test_the_signature_changes_with_what_moves_and_what_comes_back(store: Store) -> None:
    seen = [store.mail.posted.signature(CAMPAIGN)]
    await queue(store, email_to(1))
    seen.append(store.mail.posted.signature(CAMPAIGN))
    mail = Inbound(
        campaign=CAMPAIGN, mailbox=MAILBOX, message_id="<1@x.example>", kind=InboundKind.REPLY, received_at=MONDAY
    )
    await store.mail.inbox.take_in(mail)
    seen.append(store.mail.posted.signature(CAMPAIGN))
    assert len(set(seen)) == 3
    assert store.mail.posted.signature(CAMPAIGN) == seen[-1]


async def test_the_signature_changes_with_each_word_on_what_an_answer_means(store: Store) -> None:
    mail = Inbound(
        campaign=CAMPAIGN, mailbox=MAILBOX, message_id="<1@x.example>", kind=InboundKind.REPLY, received_at=MONDAY
    )
    await store.mail.inbox.take_in(mail)
    seen, id = [store.mail.posted.signature(CAMPAIGN)], row_id(MAILBOX, mail.message_id)
    await store.mail.inbox.classify(id, ReplyClass.POSITIVE, "model")
    seen.append(store.mail.posted.signature(CAMPAIGN))
    await store.mail.inbox.correct(id, ReplyClass.OUT_OF_OFFICE, "ada")
    seen.append(store.mail.posted.signature(CAMPAIGN))
    assert len(set(seen)) == 3


async def test_the_signature_changes_with_the_moment_when_an_email_is_due(store: Store) -> None:
    first, second = email_to(1), email_to(2)
    await queue(store, first, second)
    await claim(store, most=1)
    seen = [store.mail.posted.signature(CAMPAIGN)]
    assert await store.mail.outbox.postpone(CAMPAIGN, second.prospect, MONDAY + timedelta(days=3)) == 1
    seen.append(store.mail.posted.signature(CAMPAIGN))
    assert await store.mail.outbox.put_back(first.id, MONDAY + timedelta(hours=4), "one")
    seen.append(store.mail.posted.signature(CAMPAIGN))
    await store.mail.outbox.reopen({first.id: MONDAY + timedelta(hours=2)})
    row = store.mail.outbox.row(first.id)
    assert row is not None and row.why == OUTSIDE_HOURS
    seen.append(store.mail.posted.signature(CAMPAIGN))
    assert len(set(seen)) == 4


async def test_the_signature_changes_with_a_move_by_a_host_whose_clock_is_behind(store: Store) -> None:
    email = email_to(1)
    await queue(store, email)
    before = store.mail.posted.signature(CAMPAIGN)
    about = {"campaign": CAMPAIGN, "prospect": email.prospect, "message": email.id, "at": MONDAY, "why": ""}
    moved = insert(mail_events).values(id="0" * 32, state=MessageState.SENDING, **about)
    await store._writer.ask(lambda connection: connection.execute(moved).close())
    assert store.mail.posted.signature(CAMPAIGN) != before


async def test_the_signature_changes_with_who_is_written_to_no_more(store: Store) -> None:
    await store.mail.suppressions.add("a@x.example", SuppressionReason.BY_HAND, campaign=CAMPAIGN)
    seen = [store.mail.posted.signature(CAMPAIGN)]
    other = update(suppressions).values(address="another", since=store.now() + timedelta(seconds=1))
    await store._writer.ask(lambda connection: connection.execute(other).close())
    seen.append(store.mail.posted.signature(CAMPAIGN))
    await store.mail.decisions.keep(decision("student"))
    seen.append(store.mail.posted.signature(CAMPAIGN))
    pressed = Hit(campaign=CAMPAIGN, prospect="p", message="m", kind=HitKind.UNSUBSCRIBE_POST, at=MONDAY)
    await store.mail.hits.add(pressed)
    seen.append(store.mail.posted.signature(CAMPAIGN))
    await store.mail.hits.add(pressed.model_copy(update={"id": "opened", "kind": HitKind.OPEN}))
    assert len(set(seen)) == 4
    assert store.mail.posted.signature(CAMPAIGN) == seen[-1], "an opening moves no email"

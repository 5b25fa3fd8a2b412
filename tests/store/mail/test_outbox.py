"""An email leaves the queue once, and moves only from the state that it was in."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from miniatures.datamodel.inbound import Inbound, InboundKind
from miniatures.datamodel.message import CancelReason, MessageState, ServerReply
from miniatures.datamodel.review import Review, ReviewAction
from miniatures.datamodel.suppression import SuppressionReason
from miniatures.store.mail.transitions import Settled
from miniatures.store.open import open_store
from miniatures.store.store import Store
from tests.store.mail.emails import CAMPAIGN, MAILBOX, MONDAY, claim, email_to, queue

OK = ServerReply(stage="data", code=250, text="2.0.0 queued")


async def test_a_step_is_queued_once_whatever_became_of_it(store: Store) -> None:
    assert await queue(store, email_to(1), email_to(2)) == 2
    assert await queue(store, email_to(1), email_to(3)) == 1
    assert store.mail.outbox.counts(CAMPAIGN)[MessageState.QUEUED] == 3


async def test_an_email_goes_from_the_queue_to_the_server(store: Store) -> None:
    sent = email_to(1)
    await queue(store, sent)
    [row] = await claim(store)
    assert (row.message, row.state, row.sender) == (sent, MessageState.CLAIMED, "one")
    outbox = store.mail.outbox
    await outbox.freeze({sent.id: ("<a@b.example>", b"bytes")}, "one")
    assert await outbox.start_sending([sent.id], "one") == {sent.id}
    await outbox.settle([Settled(row, MessageState.ACCEPTED, OK)], "one")
    done = outbox.row(sent.id)
    assert done is not None
    assert (done.state, done.sender, done.answer, done.mime, done.attempts) == (
        MessageState.ACCEPTED,
        None,
        OK,
        b"bytes",
        1,
    )
    assert outbox.by_message_id("<a@b.example>") == done
    assert outbox.newest_to("Person1@company1.example") == done
    assert await claim(store) == []


async def test_what_was_frozen_is_not_composed_anew(store: Store) -> None:
    sent = email_to(1)
    await queue(store, sent)
    await claim(store)
    outbox = store.mail.outbox
    await outbox.freeze({sent.id: ("<first@b.example>", b"first")}, "one")
    await outbox.retry(sent.id, MONDAY, ServerReply(stage="rcpt", code=450), "one")
    [row] = await claim(store, "two")
    await outbox.freeze({sent.id: ("<second@b.example>", b"second")}, "two")
    again = outbox.row(sent.id)
    assert row.mime == b"first"
    assert again is not None
    assert (again.message_id, again.mime) == ("<first@b.example>", b"first")


async def test_two_senders_share_the_queue_and_no_email(store_url: str) -> None:
    with open_store(store_url) as first, open_store(store_url) as second:
        await queue(first, *(email_to(number) for number in range(40)))
        taken = await asyncio.gather(
            *(claim(store, name, 5) for _ in range(4) for store, name in ((first, "one"), (second, "two")))
        )
    ids = [row.message.id for rows in taken for row in rows]
    assert (len(ids), len(set(ids))) == (40, 40)


async def test_who_does_not_have_an_email_cannot_move_it(store: Store) -> None:
    sent = email_to(1)
    await queue(store, sent)
    [row] = await claim(store, "one")
    outbox = store.mail.outbox
    assert not await outbox.start_sending([sent.id], "two")
    await outbox.settle([Settled(row, MessageState.ACCEPTED, OK)], "two")
    assert outbox.row(sent.id).state is MessageState.CLAIMED
    assert await outbox.start_sending([sent.id], "one") == {sent.id}
    assert not await outbox.start_sending([sent.id], "one")


async def test_of_a_dead_sender_what_may_have_left_is_uncertain_and_the_rest_is_queued(store: Store) -> None:
    emails = [email_to(number) for number in range(3)]
    await queue(store, *emails)
    await claim(store)
    await store.mail.outbox.start_sending([emails[1].id], "one")
    assert store.mail.outbox.senders() == ["one"]
    assert await store.mail.outbox.recover("one") == (2, 1)
    states = [store.mail.outbox.row(one.id).state for one in emails]
    assert states == [MessageState.QUEUED, MessageState.UNCERTAIN, MessageState.QUEUED]
    assert len(await claim(store, "two")) == 2


async def test_an_uncertain_email_is_settled_by_a_word_and_only_once(store: Store) -> None:
    sent = email_to(1)
    await queue(store, sent)
    await claim(store)
    outbox = store.mail.outbox
    await outbox.start_sending([sent.id], "one")
    assert not await outbox.settle_uncertain(sent.id, MessageState.ACCEPTED, "too early")
    await outbox.recover("one")
    settled_at = datetime.now(UTC)
    assert await outbox.settle_uncertain(sent.id, MessageState.ACCEPTED, "found in the Sent folder")
    assert not await outbox.settle_uncertain(sent.id, MessageState.QUEUED, "by hand")
    row = outbox.row(sent.id)
    assert (row.state, row.why) == (MessageState.ACCEPTED, "found in the Sent folder")
    assert row.sent_at is not None
    assert row.sent_at < settled_at


@pytest.mark.parametrize("listed", ["person1@company1.example", "@company1.example", "PERSON1@Company1.example "])
@pytest.mark.parametrize("scope", ["", CAMPAIGN])
async def test_an_opt_out_between_queue_and_claim_is_kept(store: Store, listed: str, scope: str) -> None:
    await queue(store, email_to(1), email_to(2))
    await store.mail.suppressions.add(listed, SuppressionReason.OPT_OUT, campaign=scope)
    [row] = await claim(store)
    assert row.message.address == "person2@company2.example"
    assert (await _cancelled(store)) == {"person1@company1.example": CancelReason.SUPPRESSED}


async def test_an_opt_out_of_another_campaign_holds_for_that_one_alone(store: Store) -> None:
    await queue(store, email_to(1))
    await store.mail.suppressions.add("person1@company1.example", SuppressionReason.OPT_OUT, campaign="spring")
    assert len(await claim(store)) == 1


async def test_a_reply_stops_the_sequence_before_the_next_claim(store: Store) -> None:
    follow_up = email_to(1, step=1)
    await queue(store, follow_up, email_to(2, step=1))
    answer = Inbound(
        campaign=CAMPAIGN,
        prospect=follow_up.prospect,
        mailbox="sales",
        message_id="<r>",
        kind=InboundKind.REPLY,
        received_at=MONDAY,
    )
    assert await store.mail.inbox.take_in(answer)
    assert len(await claim(store)) == 1
    assert (await _cancelled(store)) == {"person1@company1.example": CancelReason.REPLIED}


async def test_a_bounce_keeps_a_follow_up_from_leaving_and_no_first_email(store: Store) -> None:
    follow_up, first = email_to(1, step=1), email_to(2)
    await queue(store, follow_up, first)
    for number, prospect in enumerate((follow_up.prospect, first.prospect)):
        full = {"campaign": CAMPAIGN, "prospect": prospect, "mailbox": "sales", "message_id": f"<{number}>"}
        mail = Inbound(**full, kind=InboundKind.BOUNCE, status="5.2.2", received_at=MONDAY)
        assert await store.mail.inbox.take_in(mail)
    assert [row.message.id for row in await claim(store)] == [first.id]
    assert (await _cancelled(store)) == {"person1@company1.example": CancelReason.BOUNCED}


async def test_a_decision_after_queueing_takes_the_email_back(store: Store) -> None:
    sent = email_to(1)
    accepted = Review(
        reviewer="ada",
        campaign=CAMPAIGN,
        prospect=sent.prospect,
        trace="t",
        draft=sent.draft,
        answer={},
        action=ReviewAction.ACCEPT,
    )
    await store.add_review(accepted)
    await store.mail.outbox.queue([sent, email_to(2)], due_at=MONDAY, decisions={sent.prospect: 1})
    await store.add_review(accepted.model_copy(update={"id": "z", "action": ReviewAction.WITHDRAW}))
    assert len(await claim(store)) == 1
    assert (await _cancelled(store)) == {"person1@company1.example": CancelReason.DECIDED_ANEW}


async def test_what_is_not_due_or_rests_is_left(store: Store) -> None:
    await queue(store, email_to(1), due=MONDAY + timedelta(days=1))
    await queue(store, email_to(2), email_to(3, provider="resting.example"))
    assert [row.message.address for row in await claim(store, resting=("resting.example",))] == [
        "person2@company2.example"
    ]
    assert await store.mail.outbox.postpone(CAMPAIGN, email_to(3).prospect, MONDAY + timedelta(days=9)) == 1
    assert await claim(store) == []
    assert store.mail.outbox.next_due(CAMPAIGN, MAILBOX) == MONDAY + timedelta(days=1)


async def test_cancelling_leaves_what_is_being_sent(store: Store) -> None:
    first, second = email_to(1), email_to(1, step=1)
    await queue(store, first)
    await claim(store)
    await store.mail.outbox.start_sending([first.id], "one")
    await queue(store, second)
    assert await store.mail.outbox.cancel(CAMPAIGN, first.prospect, CancelReason.BY_HAND) == 1
    assert [row.state for row in store.mail.outbox.thread(CAMPAIGN, first.prospect)] == [
        MessageState.SENDING,
        MessageState.CANCELLED,
    ]


async def test_a_long_queue_is_listed_page_by_page_in_order(store: Store) -> None:
    await queue(store, *(email_to(number) for number in range(1_203)))
    listed = [row.message.prospect for row in store.mail.outbox.stream(CAMPAIGN, MessageState.QUEUED)]
    assert len(listed) == 1_203
    assert listed == sorted(listed)
    assert list(store.mail.outbox.stream(CAMPAIGN, MessageState.ACCEPTED)) == []


async def _cancelled(store: Store) -> dict[str, str]:
    return {row.message.address: row.why for row in store.mail.outbox.stream(CAMPAIGN, MessageState.CANCELLED)}


async def test_what_may_not_leave_holds_up_nothing_behind_it(store: Store) -> None:
    emails = [email_to(number) for number in range(5)]
    await queue(store, *emails[:4])
    await queue(store, emails[4], due=MONDAY + timedelta(seconds=1))
    await store.mail.suppressions.add_all([one.address for one in emails[:4]], SuppressionReason.IMPORTED)
    [claimed] = await claim(store, most=1)
    assert claimed.message == emails[4]
    assert store.mail.outbox.counts(CAMPAIGN)[MessageState.CANCELLED] == 4
    assert await claim(store, most=1) == []


async def test_an_email_that_waits_gives_way_to_what_was_decided_since(store: Store) -> None:
    outbox, before, after = store.mail.outbox, email_to(1), email_to(1, body="What somebody made of it.")
    for number, (message, new) in enumerate([(before, 1), (before, 0), (after, 1), (after, 0)]):
        decisions = {before.prospect: 1 + number // 2}
        assert len(outbox.missing([message], decisions)) == new
        assert await outbox.queue([message], due_at=MONDAY, decisions=decisions) == new
    [row] = outbox.thread(CAMPAIGN, before.prospect)
    assert row.message == after


async def test_what_is_claimed_or_gone_gives_way_to_nothing(store: Store) -> None:
    outbox, one = store.mail.outbox, email_to(1)
    await queue(store, one)
    [row] = await claim(store)
    for state in (None, MessageState.REJECTED):
        if state is not None:
            await outbox.settle([Settled(row, state, OK)], "one")
        assert outbox.missing([email_to(1)], {one.prospect: 1}) == []
        assert await outbox.queue([email_to(1)], due_at=MONDAY, decisions={one.prospect: 1}) == 0


async def test_an_answer_by_address_alone_belongs_to_an_email_that_left(store: Store) -> None:
    left, waits = email_to(1), email_to(1, campaign="winter")
    await queue(store, left)
    [row] = await claim(store)
    await store.mail.outbox.settle([Settled(row, MessageState.ACCEPTED, OK)], "one")
    await queue(store, waits)
    found = store.mail.outbox.newest_to(left.address)
    assert found is not None
    assert found.message == left


async def test_a_sender_that_was_taken_for_dead_still_says_what_became_of_its_email(store: Store) -> None:
    sent = email_to(1)
    await queue(store, sent)
    [row] = await claim(store)
    await store.mail.outbox.start_sending([sent.id], "one")
    assert await store.mail.outbox.recover("one") == (0, 1)
    await store.mail.outbox.settle([Settled(row, MessageState.ACCEPTED, OK)], "one")
    found = store.mail.outbox.row(sent.id)
    assert found is not None
    assert (found.state, found.answer) == (MessageState.ACCEPTED, OK)


async def test_a_mailbox_is_due_when_a_provider_is_that_does_not_rest(store: Store) -> None:
    later = MONDAY + timedelta(hours=2)
    await queue(store, email_to(1, provider="rests.example"))
    await queue(store, email_to(2), due=later)
    outbox = store.mail.outbox
    assert outbox.next_due(CAMPAIGN, MAILBOX) == MONDAY
    assert outbox.next_due(CAMPAIGN, MAILBOX, ["rests.example"]) == later


async def test_only_what_waits_for_its_hours_is_opened_at_another_moment(store: Store) -> None:
    at_night, away, put_off = (email_to(number) for number in range(3))
    await queue(store, at_night, away, put_off)
    await claim(store)
    outbox, tomorrow = store.mail.outbox, MONDAY + timedelta(days=1)
    for email in (at_night, away):
        assert await outbox.put_back(email.id, tomorrow, "one")
    await outbox.retry(put_off.id, tomorrow, ServerReply(stage="rcpt", code=451, text="4.7.1 later"), "one")
    back = MONDAY + timedelta(hours=5)  # sooner than the hours begin: it is looked at again then
    assert await outbox.postpone(CAMPAIGN, away.prospect, back) == 1
    await outbox.reopen({email.id: MONDAY for email in (at_night, away, put_off)})
    due = [row.due_at for email in (at_night, away, put_off) if (row := outbox.row(email.id))]
    assert due == [MONDAY, back, tomorrow]

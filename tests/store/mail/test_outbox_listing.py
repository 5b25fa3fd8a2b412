"""A list of the outbox misses nobody and shows nobody twice, however many emails are due at the same moment."""

from __future__ import annotations

from datetime import timedelta

from miniatures.datamodel.message import CancelReason, MessageState, OutboxRow
from miniatures.store.store import Store
from tests.store.mail.emails import CAMPAIGN, MAILBOX, MONDAY, claim, email_to, queue

_QUEUED = (MessageState.QUEUED,)


def page(store: Store, first: int, most: int, *, soonest: bool = True, states: object = _QUEUED) -> list[OutboxRow]:
    return store.mail.listing.page(CAMPAIGN, states, first=first, most=most, soonest=soonest)  # type: ignore[arg-type]


async def test_pages_of_several_mailboxes_join_without_a_gap(store: Store) -> None:
    boxes = ("sales", "support", "sales", "events", "sales")
    sent = [email_to(number, mailbox=boxes[number % len(boxes)]) for number in range(25)]
    await queue(store, *sent)
    for soonest in (True, False):
        seen = [row.message.id for first in range(0, 28, 4) for row in page(store, first, 4, soonest=soonest)]
        assert len(seen) == 25 and set(seen) == {one.id for one in sent}


async def test_those_that_are_due_first_come_first_or_last(store: Store) -> None:
    late, soon, between = (email_to(number, mailbox=f"box{number}") for number in range(3))
    for email, hours in ((late, 9), (soon, 1), (between, 4)):
        await queue(store, email, due=MONDAY + timedelta(hours=hours))
    in_order = [soon.id, between.id, late.id]
    assert [row.message.id for row in page(store, 0, 9)] == in_order
    assert [row.message.id for row in page(store, 0, 9, soonest=False)] == in_order[::-1]


async def test_only_the_states_and_the_campaign_that_are_asked_for(store: Store) -> None:
    mine, taken, other = email_to(1), email_to(2), email_to(3, campaign="spring")
    await queue(store, taken)
    await claim(store)
    await queue(store, mine, other)
    assert [row.message.id for row in page(store, 0, 9)] == [mine.id]
    leaving = (MessageState.CLAIMED, MessageState.SENDING)
    assert [row.message.id for row in page(store, 0, 9, states=leaving)] == [taken.id]
    assert {row.message.id for row in page(store, 0, 9, states=(*leaving, *_QUEUED))} == {mine.id, taken.id}


async def test_an_empty_outbox_has_an_empty_page(store: Store) -> None:
    assert page(store, 0, 9) == []
    assert store.mail.listing.came_there([]) == {}


async def test_when_an_email_came_into_its_state(store: Store) -> None:
    email = email_to(1)
    await queue(store, email)
    before = store.now()
    await store.mail.outbox.cancel(CAMPAIGN, email.prospect, CancelReason.BY_HAND)
    came = store.mail.listing.came_there([email.id, "another"])
    assert came.keys() == {email.id} and before <= came[email.id] <= store.now()


async def test_how_many_wait_for_each_mailbox(store: Store) -> None:
    await queue(store, email_to(1), email_to(2), email_to(3, mailbox="other"), email_to(4, campaign="winter"))
    assert store.mail.listing.waiting(CAMPAIGN) == {MAILBOX: 2, "other": 1}

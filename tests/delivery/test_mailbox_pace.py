"""What a person is told of the pace is what the sender keeps to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from miniatures.datamodel.message import MessageState, ServerReply
from miniatures.datamodel.send_settings import SendSettings
from miniatures.delivery.mailbox_pace import MailboxPace, mailbox_paces
from miniatures.store.mail.transitions import Settled
from miniatures.store.open import open_store
from miniatures.store.store import Store
from tests.delivery.sending import settings_for
from tests.store.mail.emails import CAMPAIGN, MAILBOX, MONDAY, claim, email_to, queue

_NOW = MONDAY + timedelta(minutes=5)
_TAKEN = ServerReply(stage="data", code=250)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A store whose clock stands still."""
    with open_store(str(tmp_path / "store.sqlite"), now=lambda: _NOW) as opened:
        yield opened


def pace(store: Store, now: datetime = _NOW, **box: object) -> MailboxPace:
    plain = settings_for(25).model_dump(mode="json")
    plain["mailboxes"]["sales"] |= box
    [one] = mailbox_paces(store, CAMPAIGN, SendSettings.model_validate(plain), now)
    return one


async def send_two(store: Store) -> None:
    await queue(store, email_to(1), email_to(2))
    rows = await claim(store)
    await store.mail.outbox.settle([Settled(row, MessageState.ACCEPTED, _TAKEN) for row in rows], "one")


def test_nothing_waits(store: Store) -> None:
    told = pace(store, per_day=40)
    assert told == MailboxPace("sales", "rosa@sender.example", sent=0, per_day=40, next_at=None)


async def test_after_a_full_day_the_next_leaves_a_day_after_the_first(store: Store) -> None:
    await send_two(store)
    await queue(store, email_to(3))
    told = pace(store, per_day=2)
    assert (told.sent, told.per_day, told.next_at) == (2, 2, _NOW + timedelta(days=1))
    assert pace(store, per_day=3, per_hour=20).next_at == _NOW + timedelta(minutes=3)
    assert pace(store, later := _NOW + timedelta(minutes=4), per_day=3, per_hour=20).next_at == later


async def test_the_cap_of_a_new_mailbox_grows_with_each_day_on_which_it_sent(store: Store) -> None:
    ramp_up = {"first_day": 10, "more_each_day": 5}
    await send_two(store)
    assert pace(store, per_day=50, ramp_up=ramp_up).per_day == 10
    later = pace(store, _NOW + timedelta(days=1, minutes=1), per_day=50, ramp_up=ramp_up)
    assert (later.per_day, later.sent) == (15, 0)


async def test_what_is_due_later_leaves_later(store: Store) -> None:
    await queue(store, email_to(1), due=_NOW + timedelta(hours=3))
    assert pace(store).next_at == _NOW + timedelta(hours=3)


async def test_a_pause_holds_it_until_its_end_or_until_somebody_ends_it(store: Store) -> None:
    await queue(store, email_to(1))
    await store.mail.pauses.pause(CAMPAIGN, provider="gateway.example", why="one provider of many")
    assert not pace(store).is_paused
    await store.mail.pauses.pause(CAMPAIGN, mailbox=MAILBOX, until=_NOW + timedelta(hours=2), why="too many bounces")
    told = pace(store)
    assert (told.is_paused, told.next_at) == (True, _NOW + timedelta(hours=2))
    await store.mail.pauses.pause(CAMPAIGN, why="a look first")
    told = pace(store)
    assert (told.is_paused, told.next_at) == (True, None)

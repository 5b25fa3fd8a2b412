"""A small campaign whose emails have left, and a mailbox that mails are put in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import count

from miniatures.datamodel.message import Message, MessageState, ServerReply
from miniatures.datamodel.send_settings import SendSettings
from miniatures.delivery.inbound.hear import Heard, ReplyReader, hear
from miniatures.delivery.inbound.source import Arrived, Batch, Mark
from miniatures.store.mail.transitions import Settled
from miniatures.store.store import Store
from tests.delivery.inbound.written import MONDAY as ARRIVAL
from tests.store.mail.emails import MAILBOX, MONDAY, claim, email_to, queue

SETTINGS = SendSettings.model_validate(
    {
        "mailboxes": {
            "sales": {
                "address": "rosa@sender.example",
                "smtp": {"host": "127.0.0.1"},
                "bounces": "bounces+{token}@sender.example",
            }
        },
        "opt_out_address": "leave@sender.example",
    }
)

_VALIDITIES = count(1)


def message_id(message: Message) -> str:
    return f"<{message.id}@sender.example>"


async def sent(
    store: Store, number: int = 1, *, state: MessageState = MessageState.ACCEPTED, **fields: object
) -> Message:
    """The first email to a person, which has left, and a follow-up that waits."""
    first, second = email_to(number, **fields), email_to(number, step=1, **fields)
    await queue(store, first)
    rows = await claim(store, most=100)
    assert [row.message for row in rows] == [first]
    await store.mail.outbox.freeze({first.id: (message_id(first), b"bytes")}, "one")
    assert await store.mail.outbox.start_sending([first.id], "one") == {first.id}
    await store.mail.outbox.settle([Settled(rows[0], state, ServerReply(stage="data", code=250))], "one")
    await queue(store, second, due=MONDAY.replace(month=12))
    return first


class Box:
    """A mailbox that mails are put in; it may be read again from the start, as if its UIDs had been changed."""

    account = "rosa at imap.sender.example:993"
    folder = "INBOX"

    def __init__(self, *raw: bytes, validity: int = 1) -> None:
        self.mails, self.validity = list(raw), validity

    def batches(self, mark: Mark | None, since: datetime) -> Iterator[Batch]:
        start = mark[1] if mark is not None and mark[0] == self.validity else 0
        for number, raw in enumerate(self.mails[start:], start + 1):
            yield Batch([Arrived(raw, ARRIVAL)], (self.validity, number))

    def look_up_sent(self, message_id: str) -> bool | None:
        return None


async def heard(store: Store, *raw: bytes, reader: ReplyReader | None = None) -> Heard:
    """What is taken in from a mailbox that holds these mails, as if nothing of it had been read before."""
    return await hear(store, SETTINGS, {MAILBOX: Box(*raw, validity=next(_VALIDITIES))}, reader, ARRIVAL)

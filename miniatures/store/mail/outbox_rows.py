"""A row of the outbox as it is written and as it is read."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Row

from miniatures.datamodel.message import Message, MessageState, OutboxRow, ServerReply
from miniatures.datamodel.suppression import suppression_hashes
from miniatures.store.documents import model_json
from miniatures.store.mail_tables import messages
from miniatures.store.stored import stored

WITHOUT_MIME = [column for column in messages.columns if column is not messages.c.mime]
"""What is read of a row where nobody needs the bytes."""
_NAMES = ("state", "due_at", "attempts", "sender", "message_id", "why", "queued_at", "sent_at")


class Left(NamedTuple):
    """An email that a server took, for the pace of its mailbox."""

    id: str
    at: datetime
    provider: str


def new_row(message: Message, secret: bytes, due_at: datetime, now: datetime, decisions: int) -> dict[str, Any]:
    """The columns of an email that is queued."""
    address, domain = suppression_hashes(secret, message.address)
    names = ("campaign", "prospect", "step", "id", "arm", "mailbox", "provider")
    return {
        **{name: getattr(message, name) for name in names},
        "address": address,
        "domain": domain,
        "state": MessageState.QUEUED,
        "due_at": due_at,
        "sender": None,
        "attempts": 0,
        "decisions": decisions,
        "message_id": None,
        "mime": None,
        "answer": None,
        "why": "",
        "queued_at": now,
        "sent_at": None,
        "document": model_json(message),
    }


def outbox_row(row: Row[Any]) -> OutboxRow | None:
    """The row as a value; None if its document is damaged."""
    found = row._mapping
    where = f"messages {found['id']}"
    message = stored(Message, found["document"], where)
    if message is None:
        return None
    answer = None if found["answer"] is None else stored(ServerReply, found["answer"], where)
    return OutboxRow(message=message, answer=answer, mime=found.get("mime"), **{name: found[name] for name in _NAMES})

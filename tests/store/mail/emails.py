"""Emails of a small campaign, for tests of the outbox."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from miniatures.datamodel.hashing import text_hash
from miniatures.datamodel.message import Message, OutboxRow
from miniatures.datamodel.prospect import prospect_key
from miniatures.store.mail.outbox_claim import Claim
from miniatures.store.store import Store

CAMPAIGN = "autumn"
MAILBOX = "rosa@sender.example"
MONDAY = datetime(2026, 10, 5, 9, 0, tzinfo=UTC)


def email_to(number: int, *, step: int = 0, **fields: object) -> Message:
    """The email of a step to the person of this number."""
    address = f"person{number}@company{number}.example"
    body = f"Hi Person {number},\n\nYour page says that step {step} has begun.\n\nRosa"
    plain: dict[str, object] = {
        "campaign": CAMPAIGN,
        "prospect": prospect_key(address),
        "step": step,
        "address": address,
        "company": f"company {number}",
        "draft": f"draft{number}",
        "text_hash": text_hash(body),
        "subject": f"About company {number}",
        "body": body,
        "approved_by": "ada",
        "mailbox": MAILBOX,
        "provider": f"company{number}.example",
    }
    return Message.model_validate(plain | fields)


async def queue(store: Store, *emails: Message, due: datetime = MONDAY) -> int:
    return await store.mail.outbox.queue(emails, due_at=due, decisions={})


async def claim(
    store: Store, sender: str = "one", most: int = 10, now: datetime = MONDAY, **fields: object
) -> list[OutboxRow]:
    plain: dict[str, object] = {"campaign": CAMPAIGN, "mailbox": MAILBOX, "resting": ()}
    asked = Claim(sender=sender, now=MONDAY + timedelta(minutes=1), most=most, **(plain | fields))
    return await store.mail.outbox.claim(asked)

"""The tables of what leaves and what comes back. As in `tables.py`, a row is about one JSON document.

Here rows change by conditions (a state moves only from the state it was in), so they are written by statements of their
own and not in bulk.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, Table, Text

from miniatures.store.tables import UtcTime, metadata

ab_tests = Table(
    "ab_tests",
    metadata,
    Column("campaign", Text, primary_key=True),
    Column("started_at", UtcTime, nullable=False),
    Column("document", Text, nullable=False),
)
"""What was settled before the first prospect was enrolled: arms, shares, salt and the rule of the verdict."""

enrolments = Table(
    "enrolments",
    metadata,
    Column("campaign", Text, primary_key=True),
    Column("prospect", Text, primary_key=True),
    Column("company", Text, nullable=False),
    Column("arm", Text, nullable=False),
    Column("gateway", Text),
    Column("enrolled_at", UtcTime, nullable=False),
    Index("enrolments_by_company", "campaign", "company"),
)
"""Who is in which arm; it is decided once, before research."""

ab_decisions = Table(
    "ab_decisions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("campaign", Text, nullable=False),
    Column("decided_at", UtcTime, nullable=False),
    Column("document", Text, nullable=False),
    Index("ab_decisions_of_campaign", "campaign", "id"),
)
"""What was done about an arm, and why."""

messages = Table(
    "messages",
    metadata,
    Column("campaign", Text, primary_key=True),
    Column("prospect", Text, primary_key=True),
    Column("step", Integer, primary_key=True),
    Column("id", Text, nullable=False),
    Column("arm", Text, nullable=False),
    Column("mailbox", Text, nullable=False),
    Column("provider", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("domain", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("due_at", UtcTime, nullable=False),
    Column("sender", Text),
    Column("attempts", Integer, nullable=False),
    Column("decisions", Integer, nullable=False),
    Column("message_id", Text),
    Column("mime", LargeBinary),
    Column("answer", Text),
    Column("why", Text, nullable=False),
    Column("queued_at", UtcTime, nullable=False),
    Column("sent_at", UtcTime),
    Column("document", Text, nullable=False),
    Index("messages_due", "mailbox", "state", "due_at", "campaign"),
    Index("messages_by_state", "campaign", "state", "arm", "step"),
    Index("messages_by_id", "id"),
    Index("messages_by_message_id", "message_id"),
    Index("messages_by_address", "address", "queued_at"),
    Index("messages_of_sender", "sender", "state"),
    Index("messages_sent", "mailbox", "sent_at", "provider"),
)
"""The outbox. `address` and `domain` are keyed hashes, as the suppression list has them; `decisions` is how many
decisions about the prospect's drafts were known when the message was queued."""

mail_events = Table(
    "mail_events",
    metadata,
    Column("id", Text, primary_key=True),
    Column("campaign", Text, nullable=False),
    Column("prospect", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("why", Text, nullable=False),
    Index("mail_events_of_message", "message", "id"),
    Index("mail_events_of_prospect", "campaign", "prospect"),
)
"""Each move of a message from state to state, and why; claims are left out."""

hits = Table(
    "hits",
    metadata,
    Column("id", Text, primary_key=True),
    Column("campaign", Text, nullable=False),
    Column("prospect", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("document", Text, nullable=False),
    Index("hits_of_message", "message", "at"),
    Index("hits_of_campaign", "campaign", "prospect"),
)

inbound = Table(
    "inbound",
    metadata,
    Column("id", Text, primary_key=True),
    Column("mailbox", Text, nullable=False),
    Column("message_id", Text, nullable=False),
    Column("campaign", Text, nullable=False),
    Column("prospect", Text),
    Column("message", Text),
    Column("kind", Text, nullable=False),
    Column("received_at", UtcTime, nullable=False),
    Column("document", Text, nullable=False),
    Index("inbound_of_campaign", "campaign", "kind", "received_at"),
    Index("inbound_of_prospect", "campaign", "prospect"),
    Index("inbound_by_message_id", "mailbox", "message_id"),
)
"""What came back, once each: `id` is made of the mailbox and the mail."""

marks = Table(
    "marks",
    metadata,
    Column("mailbox", Text, primary_key=True),
    Column("folder", Text, primary_key=True),
    Column("uid_validity", BigInteger, nullable=False),
    Column("uid", BigInteger, nullable=False),
)
"""How far each folder of a mailbox was read."""

pauses = Table(
    "pauses",
    metadata,
    Column("campaign", Text, primary_key=True),
    Column("mailbox", Text, primary_key=True),
    Column("provider", Text, primary_key=True),
    Column("until", UtcTime),
    Column("why", Text, nullable=False),
)
"""What is not sent just now; an empty name stands for all, and without `until` somebody has to resume it."""

suppressions = Table(
    "suppressions",
    metadata,
    Column("scope", Text, primary_key=True),
    Column("address", Text, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("since", UtcTime, nullable=False),
)

MAIL_TABLES = (
    ab_tests,
    enrolments,
    ab_decisions,
    messages,
    mail_events,
    hits,
    inbound,
    marks,
    pauses,
    suppressions,
)

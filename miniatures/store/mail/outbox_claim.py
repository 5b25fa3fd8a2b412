"""Claims emails for a sender and, in the same transaction, holds each against all that speaks against sending it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select, tuple_, update

from miniatures.datamodel.inbound import InboundKind
from miniatures.datamodel.message import CancelReason, MessageState, OutboxRow
from miniatures.store.decisions import decisions_to
from miniatures.store.mail.ab_decisions import stopped_arms
from miniatures.store.mail.outbox_rows import outbox_row
from miniatures.store.mail.suppressions import Suppressions
from miniatures.store.mail.transitions import note
from miniatures.store.mail_tables import inbound, messages

ANSWERS = (InboundKind.REPLY, InboundKind.REFERRAL)
"""After which nothing more is sent to whoever wrote it."""


@dataclass(frozen=True)
class Claim:
    """What a sender asks for: so many emails of one mailbox that are due, to providers that take mail now."""

    campaign: str
    mailbox: str
    sender: str
    now: datetime
    most: int
    resting: Collection[str] = ()
    """Providers to which nothing is sent just now."""

    def take(self, connection: Connection, suppressions: Suppressions) -> list[OutboxRow] | None:
        """Claim within a transaction; what may not leave is cancelled. None if nothing is due."""
        claimed = self._claimed(connection)
        if not claimed:
            return None
        against = _reasons_against(connection, self.campaign, claimed, suppressions)
        for reason in CancelReason:
            refused = [row for row in claimed if against.get(row.id) is reason]
            _cancel(connection, refused, reason, self.now)
        kept = (row for row in claimed if row.id not in against)
        return [one for row in kept if (one := outbox_row(row)) is not None]

    def _claimed(self, connection: Connection) -> Sequence[Row[Any]]:
        columns = messages.c
        key = (columns.campaign, columns.prospect, columns.step)
        due = columns.mailbox == self.mailbox, columns.state == MessageState.QUEUED, columns.due_at <= self.now
        asked = select(*key).where(*due, columns.campaign == self.campaign, columns.provider.not_in(self.resting))
        asked = asked.order_by(columns.due_at).limit(self.most)
        if connection.dialect.name == "postgresql":
            asked = asked.with_for_update(skip_locked=True)
        take = update(messages).where(tuple_(*key).in_(asked), columns.state == MessageState.QUEUED)
        rows = connection.execute(take.values(state=MessageState.CLAIMED, sender=self.sender).returning(messages)).all()
        return sorted(rows, key=lambda row: (row.due_at, row.prospect))


def _reasons_against(
    connection: Connection, campaign: str, rows: Sequence[Row[Any]], suppressions: Suppressions
) -> dict[str, CancelReason]:
    """Why each of these may not leave, by id; those that may are left out."""
    people = {row.prospect for row in rows}
    listed = suppressions.standing(connection, campaign, {hash for row in rows for hash in (row.address, row.domain)})
    answered = set(connection.scalars(_who_sent(ANSWERS, campaign, people)))
    bounced = set(connection.scalars(_who_sent((InboundKind.BOUNCE,), campaign, people)))
    decided = dict(connection.execute(decisions_to(campaign, people)).all())
    stopped = stopped_arms(connection, campaign) if any(row.arm for row in rows) else frozenset()
    found: dict[str, CancelReason] = {}
    for row in rows:
        if row.address in listed or row.domain in listed:
            found[row.id] = CancelReason.SUPPRESSED
        elif row.prospect in answered:
            found[row.id] = CancelReason.REPLIED
        elif row.step and row.prospect in bounced:
            found[row.id] = CancelReason.BOUNCED
        elif decided.get(row.prospect, 0) != row.decisions:
            found[row.id] = CancelReason.DECIDED_ANEW
        elif row.arm in stopped:
            found[row.id] = CancelReason.ARM_STOPPED
    return found


def _who_sent(kinds: Collection[InboundKind], campaign: str, people: Collection[str]) -> Any:
    columns = inbound.c
    return select(columns.prospect).where(
        columns.campaign == campaign, columns.prospect.in_(people), columns.kind.in_(kinds)
    )


def _cancel(connection: Connection, rows: Sequence[Row[Any]], reason: CancelReason, now: datetime) -> None:
    if not rows:
        return
    mine = messages.c.id.in_([row.id for row in rows])
    values = {"state": MessageState.CANCELLED, "sender": None, "why": reason.value}
    connection.execute(update(messages).where(mine).values(**values))
    note(connection, rows, MessageState.CANCELLED, now, reason.value)

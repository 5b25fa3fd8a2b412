"""The outbox: one row for each prospect and step, and the moves that its state may make.

Every move is one conditional statement, so of two senders one makes it. A row that a killed sender had claimed goes
back to the queue, because nothing of it can have left; one that it was sending becomes uncertain, because it may have.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, func, or_, select, tuple_, update

from miniatures.datamodel.message import MAY_HAVE_LEFT, CancelReason, Message, MessageState, OutboxRow, ServerReply
from miniatures.datamodel.suppression import suppression_hash
from miniatures.store.documents import model_json
from miniatures.store.engine import Database
from miniatures.store.mail.outbox_claim import Claim
from miniatures.store.mail.outbox_queue import insert, missing
from miniatures.store.mail.outbox_rows import WITHOUT_MIME, Left, new_row, outbox_row
from miniatures.store.mail.suppressions import Suppressions
from miniatures.store.mail.transitions import Settled, move, settle
from miniatures.store.mail_tables import mail_events, messages
from miniatures.store.writer import Writer

_PAGE = 500
_WAITING = (MessageState.QUEUED, MessageState.CLAIMED)
OUTSIDE_HOURS = "outside working hours"
"""Why an email was put back that waits for its recipient's morning, and for nothing else."""
_POSTPONED = "its recipient is away"


class Outbox:
    """The outbox of all campaigns of a store."""

    def __init__(
        self, database: Database, writer: Writer, now: Callable[[], datetime], suppressions: Suppressions
    ) -> None:
        self._database = database
        self._writer = writer
        self._now = now
        self._suppressions = suppressions

    async def queue(self, queued: Sequence[Message], *, due_at: datetime, decisions: Mapping[str, int]) -> int:
        """Queue approved emails; returns how many are new. A prospect has each step once, whatever became of it; only
        where people decided anew, one that was taken back or still waits gives way to what they decided.

        `decisions` is how many decisions about a prospect's drafts, by the prospect's key, were known when the text
        was found approved: the email does not leave if there is one more by then.
        """
        secret, now = self._suppressions.secret(), self._now()
        new = 0
        for start in range(0, len(queued), _PAGE):
            page = queued[start : start + _PAGE]
            rows = [new_row(one, secret, due_at, now, decisions.get(one.prospect, 0)) for one in page]
            new += await self._writer.ask(partial(insert, rows=rows, now=now))
        return new

    def missing(self, asked: Sequence[Message], decisions: Mapping[str, int]) -> list[Message]:
        """Those of a page of one campaign's emails that `queue` would queue."""
        with self._database.read() as connection:
            return missing(connection, asked, decisions)

    async def claim(self, claim: Claim) -> list[OutboxRow]:
        """Take emails that are due for a sender, in the order in which they are due.

        In the same transaction each is held against the suppression list, against replies and against what people
        decided since; one that may not leave is cancelled and not returned. Nothing is returned only if nothing is due.
        """
        self._suppressions.secret()
        rows: list[OutboxRow] | None = []
        while rows == []:  # all that were due first are cancelled: others may be due
            rows = await self._writer.ask(lambda connection: claim.take(connection, self._suppressions))
        return rows or []

    async def freeze(self, composed: Mapping[str, tuple[str, bytes]], sender: str) -> None:
        """Keep the Message-ID and the bytes of claimed emails (by id) before the first try; a second try finds them."""
        columns = messages.c
        mine = columns.id == bindparam("_id"), columns.sender == sender, columns.mime.is_(None)
        frozen: dict[str, Any] = {"message_id": bindparam("_message_id"), "mime": bindparam("_mime")}
        keep = update(messages).where(*mine).values(frozen)
        rows = [{"_id": id, "_message_id": message_id, "_mime": mime} for id, (message_id, mime) in composed.items()]
        await self._writer.ask(lambda connection: connection.execute(keep, rows).close())

    async def start_sending(self, ids: Sequence[str], sender: str) -> set[str]:
        """Note that these texts are about to go over the wire; returns the emails that the sender still has."""
        mine = messages.c.id.in_(ids), messages.c.state == MessageState.CLAIMED, messages.c.sender == sender
        moved: set[str] = await self._writer.ask(
            lambda connection: {row.id for row in move(connection, mine, MessageState.SENDING, self._now(), "")}
        )
        return moved

    async def settle(self, settled: Sequence[Settled], sender: str) -> None:
        """Note what servers said of emails that this sender has, and let them go; durable on return."""
        await self._writer.ask(partial(settle, settled=settled, sender=sender, now=self._now()))

    async def retry(self, id: str, due_at: datetime, answer: ServerReply, sender: str) -> bool:
        """Put an email back that the server put off, none of which can have left."""
        changed = {
            "answer": model_json(answer),
            "attempts": messages.c.attempts + 1,
            "due_at": due_at,
        }
        return await self._move(id, None, MessageState.QUEUED, sender=sender, why=answer.line, changed=changed)

    async def put_back(self, id: str, due_at: datetime, sender: str) -> bool:
        """Put back an email that is not to leave before its recipient's hours begin; that was no attempt."""
        states = MessageState.CLAIMED, MessageState.QUEUED
        return await self._move(id, *states, sender=sender, why=OUTSIDE_HOURS, changed={"due_at": due_at})

    async def reopen(self, openings: Mapping[str, datetime]) -> None:
        """Let emails (by id) that were put back for the hours be due at these moments instead."""
        columns = messages.c
        waits = columns.state == MessageState.QUEUED, columns.why == OUTSIDE_HOURS
        due = bindparam("_due_at", type_=columns.due_at.type)
        change = update(messages).where(columns.id == bindparam("_id"), *waits).values(due_at=due)
        rows = [{"_id": id, "_due_at": opens} for id, opens in openings.items()]
        if rows:
            await self._writer.ask(lambda connection: connection.execute(change, rows).close())

    async def give_back(self, sender: str, mailbox: str, *, begun: Collection[str] = ()) -> int:
        """Put back what a sender claimed of a mailbox and knows that it did not send; of what it noted as being sent,
        those that are `begun`, by id."""
        claimed = messages.c.state == MessageState.CLAIMED
        unsent = and_(messages.c.state == MessageState.SENDING, messages.c.id.in_(begun))
        mine = messages.c.sender == sender, messages.c.mailbox == mailbox, or_(claimed, unsent)
        return await self._put_back(mine, "given back")

    async def recover(self, sender: str) -> tuple[int, int]:
        """Settle what a sender left that is dead: how many went back to the queue, and how many are uncertain."""
        sending = messages.c.sender == sender, messages.c.state == MessageState.SENDING
        lost: int = await self._writer.ask(
            lambda connection: len(
                move(connection, sending, MessageState.UNCERTAIN, self._now(), "its sender was killed while sending it")
            )
        )
        claimed = messages.c.sender == sender, messages.c.state == MessageState.CLAIMED
        return await self._put_back(claimed, "its sender was killed before sending it"), lost

    async def settle_uncertain(self, id: str, state: MessageState, why: str) -> bool:
        """Say what became of an uncertain email: accepted, rejected, or queued again by a person who knows it did not
        leave. One that was accepted left when it was being sent, not when somebody said so."""
        began = select(func.max(mail_events.c.at)).where(
            mail_events.c.message == id, mail_events.c.state == MessageState.SENDING
        )
        changed = {"sent_at": began.scalar_subquery()} if state is MessageState.ACCEPTED else {}
        return await self._move(id, MessageState.UNCERTAIN, state, why=why, changed=changed)

    async def cancel(self, campaign: str, prospect: str, reason: CancelReason) -> int:
        """Cancel all that waits for a prospect; returns how many emails. What is being sent is not stopped."""
        waiting = messages.c.campaign == campaign, messages.c.prospect == prospect
        return await self._cancel((*waiting, messages.c.state.in_(_WAITING)), reason)

    async def cancel_address(self, address: str, reason: CancelReason) -> int:
        """Cancel all that waits for an address, in every campaign of this store."""
        named = messages.c.address == suppression_hash(self._suppressions.secret(), address)
        return await self._cancel((named, messages.c.state.in_(_WAITING)), reason)

    async def cancel_arm(self, campaign: str, arm: str, reason: CancelReason) -> int:
        """Cancel all that waits in an arm."""
        waiting = messages.c.campaign == campaign, messages.c.arm == arm, messages.c.state.in_(_WAITING)
        return await self._cancel(waiting, reason)

    async def postpone(self, campaign: str, prospect: str, until: datetime) -> int:
        """Let what waits for a prospect wait until then at least; what waited for their hours, by these from then."""
        columns = messages.c
        mine = columns.campaign == campaign, columns.prospect == prospect, columns.state == MessageState.QUEUED
        sooner = or_(columns.due_at < until, columns.why == OUTSIDE_HOURS)
        later = update(messages).where(*mine, sooner).values(due_at=until, why=_POSTPONED)
        count: int = await self._writer.ask(lambda connection: connection.execute(later).rowcount)
        return count

    def row(self, id: str) -> OutboxRow | None:
        """An email by its id."""
        return self._one(messages.c.id == id)

    def by_message_id(self, message_id: str) -> OutboxRow | None:
        """An email by its Message-ID, with angle brackets."""
        return self._one(messages.c.message_id == message_id)

    def newest_to(self, address: str) -> OutboxRow | None:
        """The email to an address that was queued last, of any campaign; of those that may have left if one did."""
        named = messages.c.address == suppression_hash(self._suppressions.secret(), address)
        left = messages.c.state.in_(MAY_HAVE_LEFT)
        query = select(messages).where(named).order_by(left.desc(), messages.c.queued_at.desc()).limit(1)
        with self._database.read() as connection:
            row = connection.execute(query).first()
        return None if row is None else outbox_row(row)

    def thread(self, campaign: str, prospect: str) -> list[OutboxRow]:
        """All emails to a prospect (by key), in their order."""
        mine = messages.c.campaign == campaign, messages.c.prospect == prospect
        with self._database.read() as connection:
            rows = connection.execute(select(messages).where(*mine).order_by(messages.c.step)).all()
        return [one for row in rows if (one := outbox_row(row)) is not None]

    def stream(self, campaign: str, *states: MessageState) -> Iterator[OutboxRow]:
        """The emails of a campaign in some states, or in all, page by page and without their bytes."""
        columns = messages.c
        key = tuple_(columns.prospect, columns.step)
        query = select(*WITHOUT_MIME).where(columns.campaign == campaign).order_by(columns.prospect, columns.step)
        query = query.where(columns.state.in_(states)) if states else query
        last = ("", -1)
        while True:
            with self._database.read() as connection:
                page = connection.execute(query.where(key > last).limit(_PAGE)).all()
            yield from (one for row in page if (one := outbox_row(row)) is not None)
            if len(page) < _PAGE:
                return
            last = (page[-1].prospect, page[-1].step)

    def counts(self, campaign: str) -> dict[MessageState, int]:
        """How many emails of a campaign are in each state."""
        query = select(messages.c.state, func.count().label("number")).where(messages.c.campaign == campaign)
        with self._database.read() as connection:
            found = {row.state: row.number for row in connection.execute(query.group_by(messages.c.state))}
        return {state: found.get(state.value, 0) for state in MessageState}

    def sent_since(self, mailbox: str, moment: datetime) -> list[Left]:
        """What servers took of a mailbox since then, for any campaign, the earliest first."""
        columns = messages.c
        sent = columns.mailbox == mailbox, columns.sent_at >= moment
        query = select(columns.id, columns.sent_at, columns.provider).where(*sent).order_by(columns.sent_at)
        with self._database.read() as connection:
            return [Left(*row) for row in connection.execute(query)]

    def days_sent(self, mailbox: str, before: datetime) -> int:
        """On how many days (UTC) a mailbox sent something before a moment."""
        sent = messages.c.mailbox == mailbox, messages.c.sent_at < before
        with self._database.read() as connection:
            query = select(func.count(func.distinct(func.date(messages.c.sent_at)))).where(*sent)
            return connection.scalar(query) or 0

    def next_due(self, campaign: str, mailbox: str, resting: Collection[str] = ()) -> datetime | None:
        """When the next email of a mailbox is due, but for those to some providers; None if none waits."""
        columns = messages.c
        mine = columns.campaign == campaign, columns.mailbox == mailbox
        waiting = *mine, columns.state == MessageState.QUEUED, columns.provider.not_in(resting)
        with self._database.read() as connection:
            due: datetime | None = connection.scalar(select(func.min(columns.due_at)).where(*waiting))
        return due

    def senders(self) -> list[str]:
        """The senders that have emails now; some may be dead."""
        query = select(messages.c.sender).where(messages.c.sender.is_not(None)).distinct()
        with self._database.read() as connection:
            return list(connection.scalars(query))

    async def _put_back(self, asked: Sequence[ColumnElement[bool]], why: str) -> int:
        count: int = await self._writer.ask(
            lambda connection: len(move(connection, asked, MessageState.QUEUED, self._now(), why))
        )
        return count

    async def _cancel(self, waiting: Sequence[ColumnElement[bool]], reason: CancelReason) -> int:
        count: int = await self._writer.ask(
            lambda connection: len(move(connection, waiting, MessageState.CANCELLED, self._now(), reason.value))
        )
        return count

    async def _move(
        self,
        id: str,
        before: MessageState | None,
        after: MessageState,
        *,
        sender: str | None = None,
        why: str = "",
        changed: Mapping[str, Any] | None = None,
    ) -> bool:
        asked = [messages.c.id == id]
        if before is not None:
            asked.append(messages.c.state == before)
        if sender is not None:
            asked.append(messages.c.sender == sender)
        count: int = await self._writer.ask(
            lambda connection: len(move(connection, asked, after, self._now(), why, changed))
        )
        return count == 1

    def _one(self, asked: ColumnElement[bool]) -> OutboxRow | None:
        with self._database.read() as connection:
            row = connection.execute(select(messages).where(asked)).first()
        return None if row is None else outbox_row(row)

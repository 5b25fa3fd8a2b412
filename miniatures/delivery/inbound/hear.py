"""Takes in what came to the mailboxes of a campaign, each mail once, and does what follows from it.

A mail counts as taken in last of all, and the mark of its folder moves after that: a kill at any point leaves what was
not finished to be done again (see `consequence`). What answers mean is read when all mail is taken in, because a model
takes its time and an opt-out does not wait for it.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from miniatures.datamodel.inbound import BY_WORDS, Inbound, InboundKind, ReplyClass
from miniatures.datamodel.message import OutboxRow
from miniatures.datamodel.send_settings import SendSettings
from miniatures.datamodel.suppression import SuppressionReason
from miniatures.delivery.back_off import Refusal
from miniatures.delivery.inbound.consequence import act
from miniatures.delivery.inbound.mail import Mail, read_mail
from miniatures.delivery.inbound.match import Match, Ours, is_own, match
from miniatures.delivery.inbound.rejection import Rejection
from miniatures.delivery.inbound.source import Arrived, Batch, InboxUnavailable, Source
from miniatures.delivery.inbound.told import Told, told
from miniatures.store.mail.inbox import Inbox, row_id
from miniatures.store.mail.mail import MailStore
from miniatures.store.store import Store

FIRST_LOOK = timedelta(days=90)
"""How far back a folder is read that was never read before."""
_MOST_KEPT = 20_000
"""Characters of a text that are kept."""


@dataclass(frozen=True)
class Reading:
    """What a person's answer means, by whose word, and in which trace."""

    reply_class: ReplyClass
    by: str
    trace: str | None = None


class ReplyReader(Protocol):
    """Says what a person's answer to an email means; None if it cannot be asked just now."""

    async def read(self, inbound: Inbound, answered: OutboxRow) -> Reading | None: ...


@dataclass
class Heard:
    """What was taken in: how many of each kind, what people wrote, which strangers ask to be left alone, and which
    inboxes (by the key of their mailbox) could not be read, or only in part."""

    counts: Counter[InboundKind] = field(default_factory=Counter)
    written: list[Inbound] = field(default_factory=list)
    strangers: list[Inbound] = field(default_factory=list)
    unread: dict[str, Refusal] = field(default_factory=dict)

    def add(self, inbound: Inbound) -> None:
        self.counts[inbound.kind] += 1
        if inbound.kind.is_of_a_person:
            self.written.append(inbound)
        elif inbound.kind is InboundKind.UNMATCHED and inbound.sender:
            self.strangers.append(inbound)

    def classified(self, inbound: Inbound) -> None:
        self.written = [inbound if one.id == inbound.id else one for one in self.written]


async def hear(
    store: Store, settings: SendSettings, sources: Mapping[str, Source], reader: ReplyReader | None, now: datetime
) -> Heard:
    """Take in what is new in each source, by the key of its mailbox; one that several share is read once.

    Emails of all campaigns of the store are recognized, because a mailbox may serve several.
    """
    hearing = _Hearing(store.mail, Ours(settings))
    for source in dict.fromkeys(sources.values()):
        try:
            await _read(source, hearing, store.mail.inbox, now)
        except InboxUnavailable as error:
            silent = [mailbox for mailbox, its in sources.items() if its is source]
            hearing.heard.unread |= dict.fromkeys(silent, Refusal(error.told))
    if reader is not None:
        for answer in store.mail.inbox.unclassified():
            hearing.heard.classified(await _classified(store.mail, answer, reader))
    return hearing.heard


async def _read(source: Source, hearing: _Hearing, inbox: Inbox, now: datetime) -> None:
    """Take in what is new in a source.

    Raises:
        InboxUnavailable: it cannot be read; what was read before is taken in.
    """
    known = inbox.mark(source.account, source.folder)
    async for batch in _batches(source, known, now - FIRST_LOOK):
        for arrived in batch.mails:
            await hearing.take(source.account, arrived)
        if batch.mark is not None:
            await inbox.set_mark(source.account, source.folder, *batch.mark)


async def _batches(source: Source, mark: tuple[int, int] | None, since: datetime) -> AsyncIterator[Batch]:
    """The batches of a source, each waited for in a thread."""
    batches = source.batches(mark, since)
    while (batch := await asyncio.to_thread(next, batches, None)) is not None:
        yield batch


class _Hearing:
    """Takes in one mail after the other."""

    def __init__(self, store: MailStore, ours: Ours) -> None:
        self.heard = Heard()
        self._store, self._ours = store, ours

    async def take(self, account: str, arrived: Arrived) -> None:
        mail = read_mail(arrived.raw)
        if self._store.inbox.is_known(account, mail.message_id):
            return
        plain = Inbound(
            id=row_id(account, mail.message_id),
            mailbox=account,
            message_id=mail.message_id,
            received_at=arrived.received_at,
            kind=InboundKind.UNMATCHED,
        )
        inbound = await self._understood(plain, mail, arrived)
        if await self._store.inbox.take_in(inbound):
            self.heard.add(inbound)

    async def _understood(self, plain: Inbound, mail: Mail, arrived: Arrived) -> Inbound:
        """The mail with all that is known of it, once what follows from it is done."""
        if is_own(mail, self._ours, self._store.outbox):
            return plain.model_copy(update={"kind": InboundKind.OWN})
        is_told = told(mail, arrived.received_at)
        matched = match(is_told.clues, self._store.outbox)
        if matched is None:
            return _unmatched(plain, mail, is_told)
        inbound = _matched(plain, mail, is_told, matched)
        await act(self._store, inbound, matched)
        if inbound.kind is not InboundKind.OPT_OUT:
            return inbound
        return inbound.model_copy(update={"reply_class": ReplyClass.OPT_OUT, "classified_by": BY_WORDS})


async def _classified(store: MailStore, answer: Inbound, reader: ReplyReader) -> Inbound:
    """A person's answer with its class, which is kept.

    Where a model alone takes it for an opt-out, this campaign writes to them no more. That no other does takes words
    that plainly say so, or a person's word: a model is wrong about one in three of these.
    """
    row = store.outbox.row(answer.message) if answer.message else None
    reading = None if row is None else await reader.read(answer, row)
    if row is None or reading is None:
        return answer
    if reading.reply_class is ReplyClass.OPT_OUT:
        reason = SuppressionReason.OPT_OUT
        await store.suppressions.add(row.message.address, reason, campaign=row.message.campaign)
    await store.inbox.classify(answer.id, reading.reply_class, reading.by, reading.trace)
    return store.inbox.one(answer.id) or answer


def _matched(plain: Inbound, mail: Mail, is_told: Told, matched: Match) -> Inbound:
    message = matched.row.message
    return plain.model_copy(
        update={
            "campaign": message.campaign,
            "prospect": message.prospect,
            "message": message.id,
            "matched_by": matched.by,
            "kind": is_told.kind,
            "sender": mail.sender,
            "subject": mail.subject,
            "text": is_told.text[:_MOST_KEPT],
            "status": is_told.status,
            "diagnostic": is_told.diagnostic,
            "policy_rejection": is_told.rejection is Rejection.POLICY,
            "no_such_address": is_told.rejection is Rejection.ADDRESS,
            "back_on": is_told.back_on,
            "refers_to": is_told.refers_to,
        }
    )


def _unmatched(plain: Inbound, mail: Mail, is_told: Told) -> Inbound:
    """A mailbox holds other people's mail: what is not ours is remembered by its Message-ID alone. Who asks to be
    left alone and is not known is shown to a person."""
    if is_told.kind is not InboundKind.OPT_OUT:
        return plain
    return plain.model_copy(update={"sender": mail.sender, "subject": mail.subject, "text": is_told.text[:_MOST_KEPT]})

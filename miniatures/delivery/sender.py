"""Sends what is due of one mailbox: each email once, whatever the server says and whenever the process ends.

The order is what makes it once: the bytes are frozen, the row says `sending` before the text goes over the wire, and
the row moves on when the server has answered. Whoever is killed in between leaves a row that says how far it came.
"""

from __future__ import annotations

import asyncio

from miniatures.datamodel.errors import first_of
from miniatures.datamodel.message import MessageState, OutboxRow, ServerReply
from miniatures.datamodel.suppression import SuppressionReason
from miniatures.delivery.compose import Composed
from miniatures.delivery.feed import Feed
from miniatures.delivery.job import Job, SendingReport
from miniatures.delivery.pace import Pace
from miniatures.delivery.retries import asks_for_less, next_try, provider_rest
from miniatures.delivery.server_word import ServerWord, word_of
from miniatures.delivery.settler import Settler
from miniatures.delivery.smtp_session import ServerUnavailable, SmtpSession
from miniatures.store.mail.pauses import ALL
from miniatures.store.mail.transitions import Settled
from miniatures.store.store import Store

_REFUSALS_IN_A_ROW = 3
_GATHERED_S = 0.05
"""For so long what servers said gathers before it is kept, where several emails leave within the time."""
_RECONNECT_AFTER_S = (1.0, 5.0, 20.0)


class MailboxSender:
    """Sends what is due of one campaign by one mailbox, over a few connections at once."""

    def __init__(self, job: Job, name: str, store: Store, pace: Pace) -> None:
        self._job, self._name, self._store = job, name, store
        self._server, self._mailbox = job.settings.mailboxes[name].smtp, job.settings.mailboxes[name].key
        many = 3600 / job.settings.mailboxes[name].per_hour < _GATHERED_S
        gather_s = _GATHERED_S if many else 0.0
        self._settler = Settler(store.mail.outbox, job.sender, self._kept, gather_s=gather_s)
        self._feed = Feed(job, name, store, pace, self._settler)
        self._sessions: list[SmtpSession] = []
        self._connecting: set[SmtpSession] = set()
        self._report = SendingReport()

    async def run(self) -> SendingReport:
        """Send until nothing more is due within the patience, something stands in the way, or it is stopped.

        Raises:
            StoreError: what was sent cannot be kept any more; nothing more leaves then.
        """
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._settler.run())
                group.create_task(self._work_together())
        except BaseExceptionGroup as errors:
            raise first_of(errors) from None
        await self._feed.end()  # Only now is all settled that was answered: what is claimed still was not.
        self._report.trouble = self._feed.trouble or self._job.held.get(self._name, "")
        self._report.next_at = self._feed.next_at
        return self._report

    async def _work_together(self) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(self._server.connections):
                    group.create_task(self._work())
        finally:
            await self._settler.end()

    async def _work(self) -> None:
        session = SmtpSession(self._server)
        self._sessions.append(session)
        taken = None
        try:
            while (taken := await self._feed.next()) is not None:
                await self._send(session, *taken)
        except ServerUnavailable as error:
            if taken is not None and any(one.is_open or one in self._connecting for one in self._sessions):
                self._feed.take_back(taken)  # The server takes no further connection: another sends it.
            else:
                self._feed.trouble, self._report.let_in = self._feed.trouble or error.told, False
        finally:
            await session.close()

    async def _send(self, session: SmtpSession, row: OutboxRow, composed: Composed) -> None:
        if not session.is_open:
            await self._connect(session)
        refused = await session.offer(composed)
        if refused is not None:
            await self._answered(row, refused)
            await session.reset()
        elif await self._feed.begin(row):
            reply = await session.transmit(composed.mime)
            await self._answered(row, reply)
            if word_of(reply) is not ServerWord.TAKEN:
                await session.reset()
        else:  # It was cancelled between the claim and now.
            await session.reset()

    async def _connect(self, session: SmtpSession) -> None:
        """Open a connection, with a few tries.

        Raises:
            ServerUnavailable: none succeeded, or trying again is of no use.
        """
        self._connecting.add(session)
        try:
            await self._connect_in_the_end(session)
        finally:
            self._connecting.remove(session)

    async def _connect_in_the_end(self, session: SmtpSession) -> None:
        for pause in (*_RECONNECT_AFTER_S, None):
            try:
                await session.open()
            except ServerUnavailable as error:
                if pause is None or error.is_final or self._feed.ended:
                    raise
                await self._job.clock.sleep(pause)
            else:
                return

    async def _answered(self, row: OutboxRow, reply: ServerReply) -> None:
        """Let the row follow what the server said."""
        word, provider = word_of(reply), row.message.provider
        refused = self._in_a_row("", word is ServerWord.POLICY)
        match word:
            case ServerWord.TAKEN:
                self._in_a_row(provider, False)
                await self._settler.put(Settled(row, MessageState.ACCEPTED, reply))
            case ServerWord.UNKNOWN:
                await self._settler.put(Settled(row, MessageState.UNCERTAIN, reply))
            case ServerWord.PUT_OFF:
                await self._put_off(row, reply)
            case ServerWord.NO_SUCH_PERSON:
                await self._store.mail.suppressions.add(row.message.address, SuppressionReason.BOUNCE)
                await self._settler.put(Settled(row, MessageState.REJECTED, reply))
            case ServerWord.POLICY | ServerWord.REFUSED:
                await self._settler.put(Settled(row, MessageState.REJECTED, reply))
        if refused >= _REFUSALS_IN_A_ROW:
            await self._pause_mailbox(reply)

    def _in_a_row(self, what: str, again: bool) -> int:
        """Count what happened again, or begin anew; returns how often it has happened without a break."""
        key = self._name, what
        self._job.in_a_row[key] = self._job.in_a_row[key] + 1 if again else 0
        return self._job.in_a_row[key]

    def _kept(self, settled: Settled) -> None:
        self._report.counts[settled.state] += 1
        self._job.on_settled(settled.row, settled.state)

    async def _put_off(self, row: OutboxRow, reply: ServerReply) -> None:
        """Try again later; after many tries the email is given up. A server that is busy is left alone for a while."""
        now = self._job.clock.now()
        again = next_try(row.attempts + 1, now)
        if again is None:
            await self._settler.put(Settled(row, MessageState.REJECTED, reply))
            return
        await self._store.mail.outbox.retry(row.message.id, again, reply, self._job.sender)
        self._report.put_off += 1
        if asks_for_less(reply):
            await self._rest(row.message.provider, reply)

    async def _rest(self, provider: str, reply: ServerReply) -> None:
        """Leave a provider alone, for longer each time; what was on its way when it asked first is no further time."""
        pauses, mailbox, now = self._store.mail.pauses, self._mailbox, self._job.clock.now()
        resting = pauses.standing(ALL, now, [mailbox])
        if not any((pause.mailbox, pause.provider) == (mailbox, provider) for pause in resting):
            until, why = now + provider_rest(self._in_a_row(provider, True)), reply.words
            await pauses.pause(ALL, mailbox=mailbox, provider=provider, until=until, why=why)

    async def _pause_mailbox(self, reply: ServerReply) -> None:
        """The server refuses the sender again and again: going on would burn the list."""
        why = f"{_REFUSALS_IN_A_ROW} emails in a row were refused for what the sender is: {reply.text}"
        await self._store.mail.pauses.pause(ALL, mailbox=self._mailbox, why=why)
        self._in_a_row("", False)
        self._feed.trouble = why

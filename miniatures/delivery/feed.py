"""Hands out the emails of one mailbox, each when the pace allows it, with its bytes frozen.

At the pace of people one email is claimed at a time, right before it leaves. Where a mailbox may send many a second,
those of the next moments are claimed together, and noted as `sending` together: a commit that reaches the disk takes
longer than a server takes for an email.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import islice

from miniatures.datamodel.errors import MiniaturesError
from miniatures.datamodel.message import MessageState, OutboxRow, ServerReply
from miniatures.delivery.compose import Composed
from miniatures.delivery.hours import next_opening, zone_of
from miniatures.delivery.job import Job
from miniatures.delivery.pace import Pace
from miniatures.delivery.settler import Settler
from miniatures.store.mail.outbox_claim import Claim
from miniatures.store.mail.pauses import Pause
from miniatures.store.mail.transitions import Settled
from miniatures.store.store import Store

Ready = tuple[OutboxRow, Composed]
"""A claimed email and what goes over the wire."""

_AT_ONCE = 50
_CLAIMED_AHEAD = timedelta(seconds=10)
_LOOKS_EVERY = timedelta(seconds=10)
"""How often a mailbox that sends many looks at what others send by it; at the pace of people it does before each."""
_WORTH_TELLING = timedelta(seconds=30)
"""Who looks on is told of a pause that is longer."""
_BEGUN_AHEAD = timedelta(seconds=0.1)
"""Of a sender that is killed, what it would have sent within this time is uncertain."""


class Feed:
    """The emails of one campaign and mailbox that are due."""

    def __init__(self, job: Job, name: str, store: Store, pace: Pace, settler: Settler) -> None:
        self._job, self._name, self._store = job, name, store
        self._mailbox = job.settings.mailboxes[name].key
        self._pace, self._settler, self._outbox = pace, settler, store.mail.outbox
        self._interval = timedelta(hours=1) / job.settings.mailboxes[name].per_hour
        self._looked_at = job.clock.now()
        self._turn = asyncio.Lock()
        self._ready: deque[Ready] = deque()
        self._begun: set[str] = set()
        self._filling: asyncio.Task[None] | None = None
        self.trouble = ""
        """Why nothing more leaves by this mailbox in this run."""
        self.next_at: datetime | None = None
        """When the next email may leave, once that is longer than the patience."""

    @property
    def ended(self) -> bool:
        return self._job.stop.is_set() or bool(self.trouble) or self._name in self._job.held

    async def next(self) -> Ready | None:
        """The next email, once the pace allows it; None when the work is over."""
        async with self._turn:
            while not self.ended:
                moment = self._allowed_at()
                if moment is None:
                    if self._ready or await self._fill():
                        return self._taken()
                    moment = self._next_due()
                if moment is None or not await self._wait_until(moment):
                    return None
        return None

    async def begin(self, row: OutboxRow) -> bool:
        """Note that the text of an email goes over the wire now; False if it was cancelled meanwhile.

        Those that follow within the next moment are noted with it.
        """
        id = row.message.id
        if id not in self._begun:
            ahead = islice(self._ready, self._many(_BEGUN_AHEAD) - 1)
            self._begun |= await self._outbox.start_sending(
                [id, *(other.message.id for other, _ in ahead)], self._job.sender
            )
        if id not in self._begun:
            return False
        self._begun.remove(id)
        return True

    def take_back(self, ready: Ready) -> None:
        """Let an email be the next once more: nothing of it has left."""
        self._ready.appendleft(ready)

    async def end(self) -> None:
        """Put back what was claimed and is not sent by now."""
        if self._filling is not None:
            await self._filling
        await self._outbox.give_back(self._job.sender, self._mailbox, begun=self._begun)

    def _taken(self) -> Ready:
        taken = self._ready.popleft()
        self._pace.note(self._job.clock.now(), taken[0].message.provider, taken[0].message.id)
        most = self._many(_CLAIMED_AHEAD)
        if most > 1 and len(self._ready) < most // 2 and (self._filling is None or self._filling.done()):
            self._filling = asyncio.create_task(self._claim())
        return taken

    def _many(self, time: timedelta) -> int:
        """How many emails may leave within a time, at least one."""
        return max(1, min(_AT_ONCE, int(time / self._interval)))

    def _allowed_at(self) -> datetime | None:
        """When the pace allows the next email, in view of what other processes and campaigns send; None if now."""
        now = self._job.clock.now()
        if now - self._looked_at >= _LOOKS_EVERY:
            self._pace.learn(self._outbox.sent_since(self._mailbox, self._looked_at - _LOOKS_EVERY), now)
            self._looked_at = now
        allowed = self._pace.allowed_at(now)
        return allowed if allowed > now else None

    async def _wait_until(self, moment: datetime) -> bool:
        """Wait; False if that is longer than the patience, or the work is over by then."""
        clock = self._job.clock
        if _WORTH_TELLING < moment - clock.now() <= self._job.patience:
            self._tell_wait(moment)
        while (left := moment - clock.now()) > timedelta():
            if left > self._job.patience or self.ended:
                self.next_at = moment
                return False
            await clock.sleep(min(left.total_seconds(), 1.0))
        return not self.ended

    def _tell_wait(self, moment: datetime) -> None:
        queued = self._store.mail.listing.waiting(self._job.campaign).get(self._mailbox, 0)
        if waiting := queued + len(self._ready):
            self._job.on_wait(self._name, moment, waiting)

    def _next_due(self) -> datetime | None:
        """When there may be something to send again: when an email falls due, or a rest ends."""
        now = self._job.clock.now()
        resting = self._resting(now)
        if self._outbox.next_due(self._job.campaign, self._mailbox) is None:
            return None
        due = self._outbox.next_due(self._job.campaign, self._mailbox, tuple(resting))
        moments = [end for end in resting.values() if end is not None]
        moments += [] if due is None else [due]
        return max(min(moments, default=now + timedelta(seconds=60)), now + timedelta(seconds=1))

    def _resting(self, now: datetime) -> dict[str, datetime | None]:
        """Providers that are left alone just now, and until when; an empty name stands for all."""
        paused = self._store.mail.pauses.standing(self._job.campaign, now, [self._mailbox])
        return {**self._pace.resting(now), **_longest(paused)}

    async def _fill(self) -> bool:
        """Have emails ready; False if nothing is due."""
        filling, self._filling = self._filling, None
        if filling is not None:
            await filling
        if not self._ready:
            await self._claim()
        return bool(self._ready)

    async def _claim(self) -> None:
        """Claim what can be sent soon, and freeze its bytes."""
        now = self._job.clock.now()
        resting = self._resting(now)
        if "" in resting:
            self.trouble = "it is paused; `miniatures outbox` says why and resumes it"
            return
        most = self._many(_CLAIMED_AHEAD)
        claim = Claim(self._job.campaign, self._mailbox, self._job.sender, now, most, tuple(resting))
        while not self.ended and (rows := await self._outbox.claim(claim)):
            frozen = await self._frozen(await self._awake(rows, now), now)
            self._ready += frozen
            if frozen:
                return

    async def _awake(self, rows: Sequence[OutboxRow], now: datetime) -> list[OutboxRow]:
        """Those whose recipients are at work; the others are put off until they are."""
        hours, awake = self._job.settings.hours, []
        for row in rows:
            opens = next_opening(hours, zone_of(row.message, hours), now)
            if opens > now:
                await self._outbox.put_back(row.message.id, opens, self._job.sender)
            else:
                awake.append(row)
        return awake

    async def _frozen(self, rows: Sequence[OutboxRow], now: datetime) -> list[Ready]:
        """The rows with what goes over the wire, which is kept; one that cannot be composed is rejected."""
        made: list[Ready] = []
        for row in rows:
            composed = self._compose(row, now)
            if isinstance(composed, Composed):
                made.append((row, composed))
            else:
                reply = ServerReply(stage="compose", text=composed.told)
                await self._settler.put(Settled(row, MessageState.REJECTED, reply))
            await asyncio.sleep(0)  # Composing takes a moment, in which a server may have answered.
        fresh = {row.message.id: (composed.message_id, composed.mime) for row, composed in made if row.mime is None}
        if fresh:
            await self._outbox.freeze(fresh, self._job.sender)
        return made

    def _compose(self, row: OutboxRow, now: datetime) -> Composed | MiniaturesError:
        try:
            return self._job.compose(row, now)
        except MiniaturesError as error:
            return error


def _longest(pauses: Iterable[Pause]) -> dict[str, datetime | None]:
    """Until when each provider is left alone; one that somebody has to resume outlasts every moment."""
    ends: dict[str, datetime | None] = {}
    for pause in pauses:
        end = ends.get(pause.provider, pause.until)
        ends[pause.provider] = None if end is None or pause.until is None else max(end, pause.until)
    return ends

"""What a sending process does: whose emails it sends, how, by which clock and until when; and how it went."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from miniatures.datamodel.message import MessageState, OutboxRow
from miniatures.datamodel.send_settings import SendSettings
from miniatures.delivery.compose import Composed

Compose = Callable[[OutboxRow, datetime], Composed]
"""Makes an email at a date; of one whose bytes are frozen, with the same bytes. Raises a MiniaturesError if there can
be none, such as for a malformed address."""


@dataclass
class SendingReport:
    """How a mailbox did: how many emails came into which state, and why it ended early if it did."""

    counts: Counter[MessageState] = field(default_factory=Counter)
    put_off: int = 0
    trouble: str = ""
    next_at: datetime | None = None
    let_in: bool = True
    """False if the trouble is that its server could not be reached, or refused encryption or login."""

    def after(self, earlier: SendingReport | None) -> SendingReport:
        """This report with what an earlier one counted."""
        if earlier is None:
            return self
        return replace(self, counts=earlier.counts + self.counts, put_off=earlier.put_off + self.put_off)


@dataclass(frozen=True)
class Clock:
    """Time, as the sender sees and waits for it."""

    now: Callable[[], datetime]
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


OnSettled = Callable[[OutboxRow, MessageState], None]
"""Is told of each email that came into a state which it does not leave by itself."""


def ignore_settled(_row: OutboxRow, _state: MessageState) -> None:
    """The listener of a process that nobody watches."""


OnTrouble = Callable[[str, str], None]
"""Is told of a mailbox, or of an arm of a test, what stops it."""


def ignore_trouble(_mailbox: str, _trouble: str) -> None:
    """The same for troubles."""


OnWait = Callable[[str, datetime, int], None]
"""Is told of a mailbox when its next email may leave, and how many wait for that."""


def ignore_wait(_mailbox: str, _moment: datetime, _waiting: int) -> None:
    """The same for waits."""


@dataclass(frozen=True)
class Job:
    """What a sending process does: whose emails it sends, how, and until when it goes on."""

    campaign: str
    settings: SendSettings
    sender: str
    """Names the process in the rows that it has."""
    compose: Compose
    clock: Clock
    patience: timedelta
    """It ends when nothing can be sent for longer than this."""
    stop: asyncio.Event
    on_settled: OnSettled = ignore_settled
    in_a_row: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How often by now a mailbox was refused without a break (by its name and nothing), and how often a provider asked
    it for less (by both names). Of a process that watches it outlives the rounds."""
    on_wait: OnWait = ignore_wait
    held: Mapping[str, str] = field(default_factory=dict)
    """The mailboxes by which nothing leaves, by name, with why; one may be added while emails leave."""

"""Sends emails of a small campaign to a server on loopback, by a clock that the test winds."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from miniatures.datamodel.message import OutboxRow
from miniatures.datamodel.send_settings import SendSettings
from miniatures.delivery.compose import Composed
from miniatures.delivery.job import Clock, Job
from miniatures.delivery.send import Sent, send_queued
from miniatures.store.store import Store
from tests.store.mail.emails import CAMPAIGN, MAILBOX, MONDAY

PASSWORD = "MINIATURES_TEST_PASSWORD"
ALWAYS = {"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "opens": "00:00", "closes": "23:59"}


def settings_for(
    port: int,
    *,
    per_hour: int = 1_000_000,
    per_day: int = 1_000_000,
    name: str = "sales",
    address: str = MAILBOX,
    **smtp: object,
) -> SendSettings:
    """One mailbox that may send as fast as it can, unless said otherwise."""
    server = {"host": "127.0.0.1", "port": port, "tls": "none", "timeout_s": 2, "accept_timeout_s": 1, **smtp}
    box = {"address": address, "smtp": server, "per_day": per_day, "per_hour": per_hour}
    return SendSettings.model_validate(
        {
            "mailboxes": {name: box},
            "per_provider_per_hour": 1_000_000,
            "hours": ALWAYS,
        }
    )


class WoundClock:
    """Time passes only while somebody waits for it."""

    def __init__(self, start: datetime = MONDAY + timedelta(minutes=1)) -> None:
        self.time = start

    def now(self) -> datetime:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)
        await asyncio.sleep(0)


def plain(row: OutboxRow, date: datetime) -> Composed:
    """A short email, composed once."""
    message = row.message
    message_id = f"<{message.id}@sender.example>"
    lines = ("From: rosa@sender.example", f"To: {message.address}", f"Message-ID: {message_id}", "", message.body)
    mime = row.mime or "\r\n".join(lines).encode()
    return Composed(mime, row.message_id or message_id, "rosa@sender.example", message.address, message.id, False)


async def send(
    store: Store,
    settings: SendSettings,
    *,
    clock: WoundClock | None = None,
    patience: timedelta = timedelta(seconds=1),
    sender: str = "one",
    compose: Callable[[OutboxRow, datetime], Composed] = plain,
    stop: asyncio.Event | None = None,
    campaign: str = CAMPAIGN,
) -> Sent:
    wound = clock or WoundClock()
    sleep: Callable[[float], Awaitable[None]] = wound.sleep
    job = Job(campaign, settings, sender, compose, Clock(wound.now, sleep), patience, stop or asyncio.Event())
    return await send_queued(job, store)

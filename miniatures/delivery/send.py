"""Sends a campaign: settles what dead senders left, queues what was approved, and lets every mailbox send."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from miniatures.datamodel.message import Message, MessageState, OutboxRow
from miniatures.datamodel.send_settings import SendSettings
from miniatures.datamodel.trace import new_id
from miniatures.delivery.ab_words import stop_words
from miniatures.delivery.back_off import BackOff, Refusal
from miniatures.delivery.compose import Composed, Composer
from miniatures.delivery.guardrails import Guard
from miniatures.delivery.inbound.hear import Heard
from miniatures.delivery.inbound.hearing import Listen
from miniatures.delivery.inbound.unheard import unheard
from miniatures.delivery.job import (
    Clock,
    Compose,
    Job,
    OnSettled,
    OnTrouble,
    OnWait,
    SendingReport,
    ignore_settled,
    ignore_trouble,
    ignore_wait,
)
from miniatures.delivery.pace import Pace
from miniatures.delivery.providers import Providers, mx_lookup
from miniatures.delivery.queueing import (
    ProviderOf,
    keep_hours,
    leave_removed_mailboxes,
    messages_to_send,
    queue_approved,
)
from miniatures.delivery.sender import MailboxSender
from miniatures.delivery.settings import required_settings
from miniatures.inputs.campaign import LoadedCampaign
from miniatures.store.home_secret import home_secret
from miniatures.store.store import Store
from miniatures.store.suppressed import suppression_of

_DAY = timedelta(days=1)
_PATIENCE = timedelta(hours=1)
"""A process that does not watch ends when it would have to wait for longer."""
_ROUND = timedelta(minutes=1)
"""How often one that watches looks for new approvals."""


@dataclass(frozen=True)
class Sent:
    """What a sending process did, by mailbox, and what it found of processes that were killed."""

    mailboxes: Mapping[str, SendingReport] = field(default_factory=dict)
    returned: int = 0
    uncertain: int = 0

    def count(self, state: MessageState) -> int:
        return sum(report.counts[state] for report in self.mailboxes.values())

    def and_then(self, later: Sent) -> Sent:
        """This round with a later one."""
        boxes = {name: report.after(self.mailboxes.get(name)) for name, report in later.mailboxes.items()}
        return Sent(boxes, self.returned + later.returned, self.uncertain + later.uncertain)


async def send_campaign(
    loaded: LoadedCampaign,
    store: Store,
    *,
    watch: bool,
    stop: asyncio.Event,
    on_settled: OnSettled = ignore_settled,
    on_trouble: OnTrouble = ignore_trouble,
    on_wait: OnWait = ignore_wait,
    provider_of: ProviderOf | None = None,
    listen: Listen | None = None,
) -> Sent:
    """Queue what is approved and send it; with `watch`, again and again until it is stopped.

    `provider_of` tells who takes a domain's mail; its MX records do if none is given. With `watch`, `on_trouble` is
    told what stops a mailbox as soon as that changes, and a server that did not let us in is tried again after longer
    each time. `on_wait` is told, and of one wait perhaps more than once, when a mailbox has to wait for longer than
    half a minute. With `listen`, each round begins with what came back; while that cannot be read nothing leaves by
    its mailbox, because somebody may have answered. Then, and every minute while emails of a test leave, what came back
    is read, and an arm that crossed a guardrail is stopped, of which `on_trouble` is told. Where that fails, `stop` is
    set, so that nothing leaves unguarded.

    Raises:
        InputError: the campaign does not say how it sends, what it names cannot be read, or its test was changed.
        StoreError: what was sent cannot be kept any more; nothing more leaves then.
    """
    settings = required_settings(loaded)
    composer = Composer.of(loaded.brief, settings, loaded.folder, home_secret())
    clock = Clock(store.now)
    compose = composing(composer, store)
    asked = provider_of or Providers(mx_lookup()).of
    patience = _ROUND if watch else _PATIENCE
    job = Job(loaded.name, settings, "", compose, clock, patience, stop, on_settled, on_wait=on_wait)
    await keep_hours(loaded, store, clock.now())
    guard = Guard(loaded, store, lambda one: on_trouble(f"the arm {one.arm}", stop_words(one)))
    sent, back_off = Sent(), BackOff()
    while True:
        deaf = {} if listen is None else unheard(settings, (await listen()).unread)
        await guard.look()
        # What a dead sender had claimed waits again, perhaps for a mailbox that is not there any more.
        found = Sent({}, *await store.mail.senders.recover())
        await leave_removed_mailboxes(loaded, store)
        keys = {settings.mailboxes[name].key for name in deaf}
        await queue_approved(loaded, store, now=clock.now(), provider_of=asked, deaf=keys)
        held = _told(back_off.waiting(clock.now()) | deaf, watch)
        # A name of its own for each round: others may just be looking whether the last one lives.
        this_round = replace(job, sender=new_id(), held=held)
        async with guard.on_duty(None if listen is None else _holding(listen, settings, held, watch), stop):
            later = found.and_then(await send_queued(this_round, store))
        if watch:
            _back_off(back_off, later, clock.now())
            _tell(later, sent, on_trouble)
        if watch and not stop.is_set():
            _tell_waits(later, settings, store.mail.listing.waiting(loaded.name), on_wait)
        sent = sent.and_then(later)
        if not watch or stop.is_set():
            return sent
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), _ROUND.total_seconds())


def _told(refusals: Mapping[str, Refusal], watch: bool) -> dict[str, str]:
    """Why nothing leaves by these mailboxes; when the next try is matters to a process that goes on."""
    return {name: str(one) if watch else one.told for name, one in refusals.items()}


def _holding(listen: Listen, settings: SendSettings, held: dict[str, str], watch: bool) -> Listen:
    """Listens, and from then on holds the mailboxes whose answers cannot be read any more."""

    async def heard() -> Heard:
        what = await listen()
        held.update(_told(unheard(settings, what.unread), watch))
        return what

    return heard


def _back_off(back_off: BackOff, later: Sent, now: datetime) -> None:
    """Note which servers let us in, if only at first, and say of those that then did not when the next try is."""
    for name, report in later.mailboxes.items():
        if report.counts or report.put_off:
            back_off.let_in(name)
        if not report.let_in:
            report.trouble = str(back_off.refused(name, report.trouble, now))


def _tell(later: Sent, earlier: Sent, on_trouble: OnTrouble) -> None:
    for name, report in later.mailboxes.items():
        before = earlier.mailboxes.get(name)
        if report.trouble and (before is None or report.trouble != before.trouble):
            on_trouble(name, report.trouble)


def _tell_waits(later: Sent, settings: SendSettings, waiting: Mapping[str, int], on_wait: OnWait) -> None:
    for name, report in later.mailboxes.items():
        box = settings.mailboxes.get(name)
        if report.next_at is not None and box is not None and box.key in waiting:
            on_wait(name, report.next_at, waiting[box.key])


def dry_emails(loaded: LoadedCampaign, store: Store) -> Iterator[tuple[Message, Composed]]:
    """What would leave now, as it would leave; nothing is queued."""
    composer = Composer.of(loaded.brief, required_settings(loaded), loaded.folder, home_secret())
    suppressed = suppression_of(store, loaded.name)
    for message in messages_to_send(loaded, store, store.now()):
        thread = store.mail.outbox.thread(loaded.name, message.prospect)
        if not suppressed(message.address) and all(row.message.step != message.step for row in thread):
            yield message, composer.compose(message, store.now(), thread)


async def send_queued(job: Job, store: Store) -> Sent:
    """Send what is due by all mailboxes but those that are held, until nothing more can leave within the patience."""
    with store.mail.senders.alive(job.sender):
        returned, uncertain = await store.mail.senders.recover()
        kept = {name: SendingReport(trouble=why) for name, why in job.held.items()}
        names = [name for name in job.settings.mailboxes if name not in kept]
        senders = [
            MailboxSender(job, name, store, pace_of(store, job.settings, name, job.clock.now())) for name in names
        ]
        reports = await asyncio.gather(*(sender.run() for sender in senders))
    done = kept | dict(zip(names, reports, strict=True)) | _left_behind(job, store)
    return Sent(done, returned, uncertain)


def _left_behind(job: Job, store: Store) -> dict[str, SendingReport]:
    """The mailboxes that the campaign's file does not have any more, while emails wait for them."""
    waiting = store.mail.listing.waiting(job.campaign)
    gone = {key: number for key, number in waiting.items() if job.settings.box_of(key) is None}
    told = "{} waiting for it, and `send:` has no mailbox with this address any more: add one"
    return {key: SendingReport(trouble=told.format(number)) for key, number in gone.items()}


def composing(composer: Composer, store: Store) -> Compose:
    """Composes emails with their threads, and never anew what is frozen."""

    def compose(row: OutboxRow, date: datetime) -> Composed:
        message = row.message
        earlier = store.mail.outbox.thread(message.campaign, message.prospect) if message.step else ()
        made = composer.compose(message, date, earlier)
        if row.mime is None or row.message_id is None:
            return made
        return replace(made, mime=row.mime, message_id=row.message_id)

    return compose


def pace_of(store: Store, settings: SendSettings, name: str, now: datetime) -> Pace:
    """The pace of a mailbox, as the outbox remembers when it sent, for whatever campaign."""
    mailbox = settings.mailboxes[name]
    pace = Pace(
        mailbox,
        per_provider_per_hour=settings.per_provider_per_hour,
        jitter=settings.jitter,
        days_sent=store.mail.outbox.days_sent(mailbox.key, before=now - _DAY),
    )
    pace.learn(store.mail.outbox.sent_since(mailbox.key, now - _DAY), now)
    return pace

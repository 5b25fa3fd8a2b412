"""Writes the follow-ups that are due: each once, by the backends of its own arm; they wait for reviewers then.

That it was written is what keeps it from being written again, and the campaign's lock keeps two processes apart. Who is
killed in between loses no answer of a model: the ledger has it.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

from miniatures.agents.attempt import Thread
from miniatures.agents.context import utc_now
from miniatures.agents.follow_up import FollowUpAsked, follow_up, is_trusted
from miniatures.agents.roles.writer import WRITER
from miniatures.agents.runner import RunEnd, Runner
from miniatures.agents.runs import OpenArms, OpenCampaign, open_arms
from miniatures.backends.ask import identity_of
from miniatures.datamodel.draft import DraftStatus, EarlierEmail
from miniatures.datamodel.errors import MiniaturesError
from miniatures.datamodel.inbound import Inbound
from miniatures.datamodel.message import OutboxRow
from miniatures.datamodel.prospect import Prospect
from miniatures.datamodel.result import ProspectResult
from miniatures.datamodel.send_settings import SendSettings
from miniatures.delivery.follow_ups import TELLING, Hindrance, Known, hindrance, known_of
from miniatures.delivery.hours import zone_of
from miniatures.delivery.settings import required_settings
from miniatures.inputs.campaign import LoadedCampaign
from miniatures.store.store import Store


@dataclass(frozen=True)
class Due:
    """Somebody to write to once more, and the emails that left for them, the first one first."""

    prospect: Prospect
    sent: tuple[OutboxRow, ...]

    @property
    def step(self) -> int:
        """Of the new email."""
        return self.sent[-1].message.step + 1

    @property
    def arm(self) -> str:
        return self.sent[0].message.arm


@dataclass(frozen=True)
class Plan:
    """Who is written to once more just now, and how many are not, by why."""

    due: tuple[Due, ...]
    hindered: Counter[Hindrance]


@dataclass
class WrittenFollowUps:
    """What came of a plan. `nothing_new` are those to whom only the same could have been said again; `trouble` is why
    it ended early, if it did.
    """

    plan: Plan
    written: list[ProspectResult] = field(default_factory=list)
    nothing_new: list[ProspectResult] = field(default_factory=list)
    failed: list[tuple[Prospect, Exception]] = field(default_factory=list)
    trouble: MiniaturesError | None = None


OnDone = Callable[[Prospect, ProspectResult | Exception], None]
"""Is told what came of each email, or why none was written."""


def planned(loaded: LoadedCampaign, store: Store, now: datetime) -> Plan:
    """Who is due. Only those to whom something left, or is to leave, are counted.

    Raises:
        InputError: the campaign does not say how it sends.
    """
    settings, rows = required_settings(loaded), store.follow_up_rows(loaded.name)
    found: dict[str, tuple[OutboxRow, ...]] = {}
    hindered: Counter[Hindrance] = Counter()
    for known in people_of(store, loaded.name):
        message = known.sent[-1].message
        why = hindrance(known, settings.follow_ups, now)
        if why is None:
            found[message.prospect] = tuple(known.sent)
        else:
            hindered[why] += 1
    due, stopped = [], store.mail.decisions.stopped(loaded.name)
    for prospect in (row for row in loaded.prospects() if isinstance(row, Prospect) and row.key in found):
        one = Due(prospect, found.pop(prospect.key))
        why = _not_to_write(one, store, rows.get((prospect.key, one.step)), stopped)
        hindered.update([why] if why else [])
        due += [] if why else [one]
    hindered[Hindrance.OFF_THE_LIST] += len(found)
    return Plan(tuple(due), +hindered)


def people_of(store: Store, campaign: str) -> Iterable[Known]:
    """What is known of everybody to whom an email was queued."""
    inbound: dict[str, list[Inbound]] = defaultdict(list)
    for mail in store.mail.inbox.stream(campaign, *TELLING):
        inbound[mail.prospect or ""].append(mail)
    for prospect, rows in groupby(store.mail.outbox.stream(campaign), key=lambda row: row.message.prospect):
        yield known_of(store, tuple(rows), inbound.get(prospect, ()))


async def write_follow_ups(
    loaded: LoadedCampaign,
    *,
    now: Callable[[], datetime] = utc_now,
    stop: asyncio.Event | None = None,
    hosts: Mapping[str, str] | None = None,
    on_done: OnDone = lambda prospect, done: None,
) -> WrittenFollowUps:
    """Write what is due.

    Raises:
        CampaignBusy: another process runs the campaign.
        InputError: the campaign does not say how it sends, or what a person wrote is wrong.
        StoreError: what was written cannot be kept.
    """
    async with open_arms(loaded, hosts=hosts or {}, now=now) as opened:
        plan = await asyncio.to_thread(planned, loaded, opened.store, now())
        open_now = [one for one in plan.due if one.arm in opened.arms]
        closed = Counter({Hindrance.ARM_CLOSED: len(plan.due) - len(open_now)})
        done = WrittenFollowUps(Plan(tuple(open_now), plan.hindered + closed))
        work = _Writing(loaded.name, required_settings(loaded), opened, done, on_done)
        end: RunEnd = await Runner(work, concurrency=loaded.campaign.concurrency, stop=stop).run()
        done.trouble = end.error
        return done


class _Writing:
    """The work of one call: see `Work`."""

    def __init__(
        self, campaign: str, settings: SendSettings, opened: OpenArms, done: WrittenFollowUps, on_done: OnDone
    ) -> None:
        self._campaign, self._settings, self._opened = campaign, settings, opened
        self._done, self._on_done = done, on_done

    async def claim(self) -> AsyncIterator[Due]:
        for one in self._done.plan.due:
            yield one

    def needs(self, item: Due) -> frozenset[str]:
        context = self._arm(item).context
        return frozenset({str(identity_of(context.model(WRITER.name)))} if is_trusted(context) else ())

    async def do(self, item: Due) -> ProspectResult | Exception:
        first = first_result(self._opened.store, item)
        assert first is not None  # it was there when this was planned, and the campaign is locked
        earlier = tuple(_as_it_left(row, self._settings) for row in item.sent)
        hint = self._settings.follow_ups[item.step - 1].hint
        thread = Thread(earlier, hint, is_last=item.step == len(self._settings.follow_ups))
        return await follow_up(self._arm(item), FollowUpAsked(first, item.prospect, thread))

    async def failed(self, item: Due, error: Exception) -> ProspectResult | Exception:
        return error

    async def settle(self, item: Due, done: ProspectResult | Exception) -> None:
        """It was saved when it was written."""
        match done:
            case ProspectResult(status=DraftStatus.NOTHING_FOUND):
                self._done.nothing_new.append(done)
            case ProspectResult():
                self._done.written.append(done)
            case _:
                self._done.failed.append((item.prospect, done))
        self._on_done(item.prospect, done)

    def _arm(self, item: Due) -> OpenCampaign:
        return self._opened.arms[item.arm]


def first_result(store: Store, due: Due) -> ProspectResult | None:
    """What the first email was written from; None if that is not kept, or another email was written in its place."""
    message = due.sent[0].message
    result = store.result(message.campaign, message.prospect, message.policy)
    is_its = result is not None and result.draft is not None and result.draft.id == message.draft
    return result if is_its else None


def _not_to_write(
    due: Due, store: Store, known: tuple[str, DraftStatus] | None, stopped: Collection[str]
) -> Hindrance | None:
    """What else speaks against writing; an email that was written to an older row of the list stands for nothing."""
    if due.arm in stopped:
        return Hindrance.ARM_STOPPED
    if known and known[0] == due.prospect.row:
        return Hindrance.NOTHING_NEW if known[1] is DraftStatus.NOTHING_FOUND else Hindrance.WRITTEN
    return Hindrance.NOT_KEPT if first_result(store, due) is None else None


def _as_it_left(row: OutboxRow, settings: SendSettings) -> EarlierEmail:
    message, left_at = row.message, row.sent_at or row.queued_at
    sent_on = left_at.astimezone(zone_of(message, settings.hours)).date()
    return EarlierEmail(subject=message.subject, body=message.body, sent_on=sent_on)

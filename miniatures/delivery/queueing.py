"""From approval to outbox: who may be written to with exactly which text, and by which mailbox."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from miniatures.checks.company_names import company_key
from miniatures.datamodel.arms import Enrolment
from miniatures.datamodel.hashing import content_hash, text_hash
from miniatures.datamodel.message import CancelReason, Message, MessageState, OutboxRow
from miniatures.datamodel.prospect import Prospect
from miniatures.datamodel.send_settings import SendSettings
from miniatures.datamodel.standing import APPROVED, Standing, State
from miniatures.datamodel.trace import new_id
from miniatures.delivery.body import printable
from miniatures.delivery.follow_ups import hindrance, known_of
from miniatures.delivery.hours import next_opening, zone_of
from miniatures.delivery.links import links_of
from miniatures.delivery.risk_approval import covered_by_risk
from miniatures.delivery.settings import required_settings
from miniatures.inputs.campaign import LoadedCampaign
from miniatures.review.standings import follow_up_standings, standings
from miniatures.store.mail.outbox import OUTSIDE_HOURS
from miniatures.store.store import Store
from miniatures.store.suppressed import suppression_of

_AT_ONCE = 500
_TO_REVIEW = (State.READY, State.NEEDS_REVIEW)

ProviderOf = Callable[[str], Awaitable[str]]
"""Who takes the mail of a domain."""


def sendable(loaded: LoadedCampaign, store: Store) -> Iterator[Standing]:
    """The prospects whose text may leave: a person approved it, or the campaign's stated risk covers it."""
    covered = covered_by_risk(loaded, store)
    for standing in standings(loaded, store):
        if standing.text is not None and (standing.state in APPROVED or covered(standing)):
            yield standing


def sendable_follow_ups(loaded: LoadedCampaign, store: Store, now: datetime) -> Iterator[tuple[Standing, OutboxRow]]:
    """The follow-ups that a person approved and that may leave at this moment, each with the first email of its thread.

    The campaign's stated risk covers none: it was shown by readings of first emails.
    """
    rules = required_settings(loaded).follow_ups
    for standing in follow_up_standings(loaded, store):
        if standing.text is None or standing.state not in APPROVED:
            continue
        thread, step = store.mail.outbox.thread(loaded.name, standing.prospect.key), standing.result.step
        sent = thread[:step]
        if len(sent) < step or any(row.state is not MessageState.CANCELLED for row in thread[step:]):
            continue
        inbound = store.mail.inbox.of_prospect(loaded.name, standing.prospect.key)
        if hindrance(known_of(store, sent, inbound), rules, now) is None:
            yield standing, sent[0]


async def queue_approved(
    loaded: LoadedCampaign, store: Store, *, now: datetime, provider_of: ProviderOf, deaf: Collection[str] = ()
) -> int:
    """Queue every approved email that is not in the outbox yet; returns how many.

    The decisions are counted before the texts are read, so one that comes in between takes its email back. Follow-ups
    of mailboxes that are `deaf` (by key) are left for later: what came back to their threads is not known just now.
    """
    decisions, suppressed = store.decisions_by_prospect(loaded.name), suppression_of(store, loaded.name)
    heard = (one for one in messages_to_send(loaded, store, now) if not one.step or one.mailbox not in deaf)
    approved = (one for one in heard if not suppressed(one.address))
    new = 0
    while page := list(islice(approved, _AT_ONCE)):
        missing = await _provided(store.mail.outbox.missing(page, decisions), provider_of)
        new += await store.mail.outbox.queue(missing, due_at=now, decisions=decisions)
    return new


async def keep_hours(loaded: LoadedCampaign, store: Store, now: datetime) -> None:
    """Hold what waits for its recipient's morning against the hours as they are now: somebody may have mended them.

    What a server put off, or what waits for somebody's return, stays as it is.
    """
    hours, outbox = required_settings(loaded).hours, store.mail.outbox
    openings = {
        row.message.id: opens
        for row in outbox.stream(loaded.name, MessageState.QUEUED)
        if row.why == OUTSIDE_HOURS and not row.attempts and row.due_at > now
        if (opens := next_opening(hours, zone_of(row.message, hours), now)) != row.due_at
    }
    await outbox.reopen(openings)


async def leave_removed_mailboxes(loaded: LoadedCampaign, store: Store) -> None:
    """Take first emails back from mailboxes that the campaign's file does not have any more, or has with another
    address: they are queued anew for one that it has. A follow-up waits, for its thread has one sender."""
    settings, outbox = required_settings(loaded), store.mail.outbox
    if all(settings.box_of(key) for key in store.mail.listing.waiting(loaded.name)):
        return
    for row in outbox.stream(loaded.name, MessageState.QUEUED):
        if row.message.step == 0 and settings.box_of(row.message.mailbox) is None:
            await outbox.cancel(loaded.name, row.message.prospect, CancelReason.DECIDED_ANEW)


@dataclass(frozen=True)
class HeldUp:
    """Why nothing leaves: how many drafts nobody has read, and how many approved emails go to suppressed addresses."""

    to_review: int
    suppressed: int


def held_up(loaded: LoadedCampaign, store: Store) -> HeldUp:
    """What keeps first emails from leaving."""
    suppressed = suppression_of(store, loaded.name)
    to_review = skipped = 0
    for standing in standings(loaded, store):
        to_review += standing.state in _TO_REVIEW
        if standing.state in APPROVED and suppressed(standing.prospect.email):
            sent = store.mail.outbox.thread(loaded.name, standing.prospect.key)
            skipped += all(row.state is MessageState.CANCELLED for row in sent)
    return HeldUp(to_review, skipped)


async def _provided(messages: Sequence[Message], provider_of: ProviderOf) -> list[Message]:
    """The emails with who takes them; the domains are looked up together, since one may not answer for seconds."""
    domains = list(dict.fromkeys(message.address.rpartition("@")[2] for message in messages))
    providers = dict(zip(domains, await asyncio.gather(*map(provider_of, domains)), strict=True))
    return [one.model_copy(update={"provider": providers[one.address.rpartition("@")[2]]}) for one in messages]


def messages_to_send(loaded: LoadedCampaign, store: Store, now: datetime) -> Iterator[Message]:
    """Every email that may leave, first ones that have left among them, and none of an arm that was stopped; who takes
    their mail is not looked up."""
    stopped = store.mail.decisions.stopped(loaded.name)
    return (one for one in _approved(loaded, store, now) if one.arm not in stopped)


def _approved(loaded: LoadedCampaign, store: Store, now: datetime) -> Iterator[Message]:
    enrolled = store.mail.enrolments.of(loaded.name)
    for standing in sendable(loaded, store):
        yield message_to(standing, loaded, enrolled, "")
    for standing, first in sendable_follow_ups(loaded, store, now):
        yield follow_up_to(standing, loaded, first)


def follow_up_to(standing: Standing, loaded: LoadedCampaign, first: OutboxRow) -> Message:
    """The follow-up whose text stands: in the thread of the first email, to the same address by the same mailbox."""
    assert standing.text is not None and standing.draft is not None
    thread, text = first.message, standing.text
    own = {
        "id": new_id(),
        "step": standing.result.step,
        "name": standing.prospect.full_name,
        "policy": standing.result.policy,
        "draft": standing.draft.id,
        "text_hash": content_hash(text),
        "subject": f"Re: {text.subject}" if text.subject == thread.subject else text.subject,
        "body": text.body,
        "links": links_of(printable(text.body), loaded.brief),
        "approved_by": _approval(standing, required_settings(loaded)),
    }
    return thread.model_copy(update=own)


def message_to(standing: Standing, loaded: LoadedCampaign, enrolled: Mapping[str, Enrolment], provider: str) -> Message:
    """The first email to a prospect whose text stands."""
    assert standing.text is not None and standing.draft is not None
    settings, prospect = required_settings(loaded), standing.prospect
    company = company_key(prospect.company)
    place = enrolled.get(prospect.key)
    return Message(
        campaign=loaded.name,
        prospect=prospect.key,
        address=prospect.email,
        name=prospect.full_name,
        company=company,
        country=_column(prospect, "country"),
        timezone=_column(prospect, "timezone"),
        arm=place.arm if place else "",
        policy=standing.result.policy,
        draft=standing.draft.id,
        text_hash=content_hash(standing.text),
        subject=standing.text.subject,
        body=standing.text.body,
        links=links_of(printable(standing.text.body), loaded.brief),
        approved_by=_approval(standing, settings),
        mailbox=mailbox_for(company, settings),
        provider=provider,
    )


def mailbox_for(company: str, settings: SendSettings) -> str:
    """The key of the mailbox that writes to a company: always the same, and each as often as the others."""
    keys = sorted(settings.keys)
    return keys[int(text_hash(company)[:8], 16) % len(keys)]


def _approval(standing: Standing, settings: SendSettings) -> str:
    if standing.state is State.READY:
        return f"risk {settings.approval.risk}"
    return standing.review


def _column(prospect: Prospect, name: str) -> str:
    """A further column of the list, however its header is written."""
    return next((value for key, value in prospect.extra.items() if key.strip().casefold() == name), "")

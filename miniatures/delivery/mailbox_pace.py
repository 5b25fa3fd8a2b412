"""How far each mailbox of a campaign has come today, and when it may go on: what a person sees of the pace."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from miniatures.datamodel.send_settings import Mailbox, SendSettings
from miniatures.delivery.pace import day_cap
from miniatures.delivery.send import pace_of
from miniatures.store.mail.pauses import ALL, Pause
from miniatures.store.store import Store

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class MailboxPace:
    """One mailbox. What it sent for other campaigns counts as well."""

    name: str
    address: str
    sent: int
    """Emails that servers took within the last 24 hours."""
    per_day: int
    """How many it may send within 24 hours, which grows while it is new."""
    next_at: datetime | None
    """When its next email may leave, if the recipient is at work then, give or take the jitter; None if none waits, or
    somebody paused it."""
    is_paused: bool = False


def mailbox_paces(store: Store, campaign: str, settings: SendSettings, now: datetime) -> list[MailboxPace]:
    """The campaign's mailboxes, in the order of its file."""
    standing = store.mail.pauses.standing(campaign, now, settings.keys)
    pauses = [pause for pause in standing if pause.provider == ALL]
    steady = settings.model_copy(update={"jitter": 0.0})
    return [_pace(store, campaign, steady, name, now, pauses) for name in settings.mailboxes]


def _pace(
    store: Store, campaign: str, settings: SendSettings, name: str, now: datetime, pauses: list[Pause]
) -> MailboxPace:
    mailbox, outbox = settings.mailboxes[name], store.mail.outbox
    ends = [pause.until for pause in pauses if pause.mailbox in (ALL, mailbox.key)]
    due = outbox.next_due(campaign, mailbox.key)
    moments = [pace_of(store, settings, name, now).allowed_at(now), *(end for end in ends if end is not None)]
    return MailboxPace(
        name=name,
        address=mailbox.address,
        sent=len(outbox.sent_since(mailbox.key, now - _DAY)),
        per_day=_cap(store, mailbox, now),
        next_at=None if due is None or None in ends else max(due, *moments),
        is_paused=bool(ends),
    )


def _cap(store: Store, mailbox: Mailbox, now: datetime) -> int:
    return day_cap(mailbox.per_day, mailbox.ramp_up, store.mail.outbox.days_sent(mailbox.key, before=now - _DAY))

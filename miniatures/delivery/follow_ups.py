"""Who is to be written to once more: decided from what left, what came back and what was clicked, and from the clock.

It is asked twice: before a follow-up is written, and again before one that was approved is queued, because days lie in
between. Whoever sends it looks for opt-outs, replies and decisions once more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from miniatures.datamodel.hit import Hit, HitClass
from miniatures.datamodel.inbound import Inbound, InboundKind
from miniatures.datamodel.message import MessageState, OutboxRow
from miniatures.datamodel.send_settings import Condition, FollowUp
from miniatures.delivery.hits.engagement import engagement
from miniatures.delivery.inbound.consequence import away_until
from miniatures.store.store import Store


class Hindrance(StrEnum):
    """Why nobody is written to once more, or not yet."""

    NOT_SENT = "the email before was not sent"
    ON_ITS_WAY = "the email before is on its way"
    UNCERTAIN = "it is uncertain whether an email before arrived"
    ANSWERED = "they answered"
    OPTED_OUT = "they opted out or are not to be written to"
    BOUNCED = "an email bounced"
    COMPLAINED = "they complained"
    GONE = "they are gone"
    ALL_SENT = "all follow-ups are sent"
    CLICKED = "they followed a link"
    AWAY = "they are away"
    EARLY = "it is too early"
    NOTHING_NEW = "there is nothing new to say to them"
    WRITTEN = "it is written: it waits for a reviewer or to be sent, or was rejected"
    OFF_THE_LIST = "they are no longer on the list"
    NOT_KEPT = "what the first email was written from is not kept"
    ARM_CLOSED = "a backend of their arm cannot be opened"
    ARM_STOPPED = "their arm was stopped"


@dataclass(frozen=True)
class Known:
    """What is known of one person: the emails to them in order, one at least, and what came back, in any order.

    `suppressed` tells whether they are on the list of those who are not written to, and `hits` what one of the emails
    (by id) caused, in order. Both are asked only where nothing else decides.
    """

    sent: Sequence[OutboxRow]
    inbound: Sequence[Inbound] = ()
    suppressed: Callable[[], bool] = lambda: False
    hits: Callable[[str], Sequence[Hit]] = lambda _: ()


def known_of(store: Store, sent: Sequence[OutboxRow], inbound: Iterable[Inbound]) -> Known:
    """What is known of one person, given the emails to them, one at least, and what came back."""
    message = sent[-1].message

    def suppressed() -> bool:
        return store.mail.suppressions.listed(message.address, message.campaign) is not None

    return Known(sent, tuple(inbound), suppressed, store.mail.hits.of_message)


def hindrance(known: Known, follow_ups: Sequence[FollowUp], now: datetime) -> Hindrance | None:
    """Why the person is not written to once more at this moment; None if a follow-up is due."""
    why = _of_what_came_back(known.inbound) or _of_what_left(known.sent) or _of_the_step(known, follow_ups, now)
    return why or (Hindrance.OPTED_OUT if known.suppressed() else None)


def _of_what_left(sent: Sequence[OutboxRow]) -> Hindrance | None:
    states = [row.state for row in sent]
    if MessageState.UNCERTAIN in states:
        return Hindrance.UNCERTAIN
    if states[-1] in (MessageState.REJECTED, MessageState.CANCELLED):
        return Hindrance.NOT_SENT
    return None if states[-1] is MessageState.ACCEPTED else Hindrance.ON_ITS_WAY


_ENDING = {
    InboundKind.OPT_OUT: Hindrance.OPTED_OUT,
    InboundKind.COMPLAINT: Hindrance.COMPLAINED,
    InboundKind.BOUNCE: Hindrance.BOUNCED,
    InboundKind.GONE: Hindrance.GONE,
    InboundKind.REPLY: Hindrance.ANSWERED,
    InboundKind.REFERRAL: Hindrance.ANSWERED,
}
"""What ends a thread for good, the gravest first."""
TELLING = (*_ENDING, InboundKind.OUT_OF_OFFICE)
"""What of all that comes back decides about a follow-up."""


def _of_what_came_back(inbound: Iterable[Inbound]) -> Hindrance | None:
    kinds = {mail.kind for mail in inbound}
    return next((why for kind, why in _ENDING.items() if kind in kinds), None)


def _of_the_step(known: Known, follow_ups: Sequence[FollowUp], now: datetime) -> Hindrance | None:
    last = known.sent[-1]
    step = last.message.step
    if step >= len(follow_ups):
        return Hindrance.ALL_SENT
    rule, left_at = follow_ups[step], last.sent_at or last.queued_at
    if any(now < away_until(mail) for mail in known.inbound if mail.kind is InboundKind.OUT_OF_OFFICE):
        return Hindrance.AWAY
    if now < left_at + timedelta(days=rule.after_days):
        return Hindrance.EARLY
    clicked = rule.when is Condition.NO_CLICK and any(_clicked(row, known) for row in known.sent)
    return Hindrance.CLICKED if clicked else None


def _clicked(row: OutboxRow, known: Known) -> bool:
    """Whether they may have: somebody who did is not to be asked as if they had not."""
    return engagement(known.hits(row.message.id), row.sent_at).clicked in (HitClass.HUMAN, HitClass.UNKNOWABLE)

"""What follows from a mail: done before the mail counts as taken in, and the same if it is done again.

A process that is killed in between finds the mail still to be taken in and does all of it once more: a suppression and
a cancelled email are what they are, and a wait only grows. So nothing is done by half, and nothing twice.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from miniatures.datamodel.inbound import Inbound, InboundKind, MatchedBy, ReplyClass
from miniatures.datamodel.message import CancelReason, MessageState
from miniatures.datamodel.suppression import SuppressionReason
from miniatures.delivery.inbound.match import Match
from miniatures.store.mail.mail import MailStore

UNNAMED_ABSENCE = timedelta(days=7)
"""How long the next email waits if a note of an absence names no day."""


async def act(store: MailStore, inbound: Inbound, match: Match) -> None:
    """Do what follows from a mail that belongs to this email."""
    message = match.row.message
    await _settle(store, inbound, match)
    match inbound.kind:
        case InboundKind.BOUNCE if inbound.no_such_address:
            await suppress(store, message.address, SuppressionReason.BOUNCE)
        case InboundKind.COMPLAINT:
            await suppress(store, message.address, SuppressionReason.COMPLAINT)
        case InboundKind.OPT_OUT:
            await suppress(store, message.address, SuppressionReason.OPT_OUT)
        case InboundKind.GONE:
            await suppress(store, message.address, SuppressionReason.GONE)
        case InboundKind.REPLY | InboundKind.REFERRAL:
            await store.outbox.cancel(message.campaign, message.prospect, CancelReason.REPLIED)
        case InboundKind.OUT_OF_OFFICE:
            await store.outbox.postpone(message.campaign, message.prospect, away_until(inbound))
        case _:
            pass


async def correct_class(store: MailStore, inbound: Inbound, reply_class: ReplyClass, person: str) -> bool:
    """Put a person's word in the place of a model's; one that says `opt_out` is an opt-out, of whoever wrote if the
    email is gone that it answers. False if the mail is gone."""
    row = store.outbox.row(inbound.message) if inbound.message else None
    address = inbound.sender if row is None else row.message.address
    if reply_class is ReplyClass.OPT_OUT and address:
        await suppress(store, address, SuppressionReason.OPT_OUT)
    return await store.inbox.correct(inbound.id, reply_class, person)


async def suppress(store: MailStore, address: str, reason: SuppressionReason) -> None:
    """Never write to an address again, and take back what waits for it."""
    await store.suppressions.add(address, reason)
    await store.outbox.cancel_address(address, CancelReason.SUPPRESSED)


async def _settle(store: MailStore, inbound: Inbound, match: Match) -> None:
    """What is answered, reported or returned has left; that somebody wrote from an address proves nothing."""
    if match.row.state is MessageState.UNCERTAIN and match.by is not MatchedBy.ADDRESS:
        why = f"{inbound.kind.value.replace('_', ' ')} came back"
        await store.outbox.settle_uncertain(match.row.message.id, MessageState.ACCEPTED, why)


def away_until(inbound: Inbound) -> datetime:
    """The start of the day on which they are back; the recipient's hours are kept when it is sent."""
    if inbound.back_on is None:
        return inbound.received_at + UNNAMED_ABSENCE
    return datetime.combine(inbound.back_on, time(), UTC)

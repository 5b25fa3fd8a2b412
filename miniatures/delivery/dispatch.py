"""What became of one email on its way out, decided from the outbox's row, what came back, and who is not written to.

What a person did counts for every email of theirs that had left by then: whoever answers the second one has answered
the first. The rest is each email's own.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from miniatures.datamodel.inbound import Inbound, InboundKind
from miniatures.datamodel.message import CancelReason, MessageState
from miniatures.datamodel.standing import TO_SEND, Dispatch, State
from miniatures.delivery.reactions import reactions
from miniatures.store.mail.people import Mailed
from miniatures.store.mail.posted import Posted, PostedEmail

_ANSWERS = (InboundKind.REPLY, InboundKind.REFERRAL)
_ENDED = {
    State.REPLIED: "they had answered",
    State.UNSUBSCRIBED: "they had opted out",
    State.COMPLAINED: "they had reported the email before as spam",
    State.BOUNCED: "the email before came back",
    State.GONE: "they are there no more",
}
"""What of the email before keeps a follow-up from leaving."""


@dataclass(frozen=True)
class Against:
    """What speaks against writing to somebody, whatever email it is: the list of a campaign, and its stopped arms."""

    suppressed: Callable[[str], object]
    """Whether an address is on the list; asked only of emails that may still leave."""
    stopped: Collection[str] = ()


def dispatch_of(step: int, posted: Posted, decided: State, address: str, against: Against) -> Dispatch | None:
    """What became of the email of this step, about whose text people decided so; None if nothing has yet."""
    row = next((one for one in posted.emails if one.step == step), None)
    found = None if row is None else _of_row(row, posted, address, against)
    if found is not None and found.stands(posted.decisions):
        return found
    return _of_unqueued(step, posted, address, against) if decided in TO_SEND else None


def _of_unqueued(step: int, posted: Posted, address: str, against: Against) -> Dispatch | None:
    """What keeps a text from being queued that might be."""
    if step and (ended := _ending(posted)):
        return Dispatch(State.CANCELLED, detail=ended, decisions=posted.decisions)
    return Dispatch(State.SUPPRESSED, decisions=posted.decisions) if against.suppressed(address) else None


def _ending(posted: Posted) -> str:
    """Why nobody is written to once more, in words; empty if nothing that came back says so."""
    sent = [row for row in posted.emails if row.state is MessageState.ACCEPTED]
    state = _came_back(sent[-1], posted).state if sent else State.SENT
    return _ENDED.get(state, "")


def _of_row(row: PostedEmail, posted: Posted, address: str, against: Against) -> Dispatch | None:
    match row.state:
        case MessageState.QUEUED:
            return _queued(row, posted, address, against)
        case MessageState.CLAIMED | MessageState.SENDING:
            return Dispatch(State.LEAVING)
        case MessageState.UNCERTAIN:
            return Dispatch(State.UNCERTAIN, detail=row.why)
        case MessageState.REJECTED:
            return Dispatch(State.REFUSED, detail=row.why)
        case MessageState.CANCELLED:
            return _cancelled(row.why)
        case MessageState.ACCEPTED:
            return _came_back(row, posted)


def _queued(row: PostedEmail, posted: Posted, address: str, against: Against) -> Dispatch | None:
    """What the next claim will find, which cancels what it may not send."""
    if against.suppressed(address):
        return _cancelled(CancelReason.SUPPRESSED)
    if any(mail.kind in _ANSWERS for mail in posted.inbound):
        return _cancelled(CancelReason.REPLIED)
    if row.arm in against.stopped:
        return _cancelled(CancelReason.ARM_STOPPED)
    return Dispatch(State.QUEUED, at=row.due_at, decisions=row.decisions)


def _cancelled(why: str) -> Dispatch | None:
    """None if people decided anew: the email is where they put it."""
    if why not in set(CancelReason):
        return Dispatch(State.CANCELLED, detail=why)
    match reason := CancelReason(why):
        case CancelReason.DECIDED_ANEW:
            return None
        case CancelReason.SUPPRESSED:
            return Dispatch(State.SUPPRESSED)
        case _:
            return Dispatch(State.CANCELLED, detail=cancel_words(reason))


def cancel_words(reason: CancelReason) -> str:
    """Why an email was taken back, in words."""
    match reason:
        case CancelReason.SUPPRESSED:
            return "the address is on the list of those who are never written to"
        case CancelReason.REPLIED:
            return "they had answered before it left"
        case CancelReason.DECIDED_ANEW:
            return "somebody decided about the draft after it was queued"
        case CancelReason.ARM_STOPPED:
            return "its arm was stopped"
        case CancelReason.BY_HAND:
            return "a person took it back"


def _came_back(row: PostedEmail, posted: Posted) -> Dispatch:
    """What followed an email that a server took, the gravest first."""
    later = [one for one in posted.emails if one.step >= row.step]
    answered, since = {one.id for one in later}, row.sent_at or row.due_at
    mails = [mail for mail in posted.inbound if mail.message in answered or mail.received_at >= since]
    if not mails and not posted.opt_outs:
        return Dispatch(State.SENT, sent_at=row.sent_at)
    did = reactions(list(map(_mailed, later)), mails, {hit.message: [hit] for hit in posted.opt_outs})
    gone = _first(mails, InboundKind.GONE)
    found: tuple[tuple[State, datetime | None, str], ...] = (
        (State.COMPLAINED, did.complained_at, ""),
        (State.UNSUBSCRIBED, did.unsubscribed_at, ""),
        (State.REPLIED, did.replied_at, _class(mails)),
        (State.BOUNCED, did.bounced_at or did.turned_away_at, _report(mails)),
        (State.GONE, gone.received_at if gone else None, ""),
    )
    for state, at, detail in found:
        if at is not None:
            return Dispatch(state, at, row.sent_at, detail)
    return Dispatch(State.SENT, sent_at=row.sent_at, detail=_absence(mails))


def _mailed(row: PostedEmail) -> Mailed:
    return Mailed(row.id, row.step, row.state, row.why, "", row.sent_at, "", row.draft, row.text_hash)


def _class(mails: Sequence[Inbound]) -> str:
    """What the first answer means, as far as somebody has told."""
    told = (mail.reply_class.replace("_", " ") for mail in mails if mail.kind in _ANSWERS and mail.reply_class)
    return next(told, "")


def _report(mails: Sequence[Inbound]) -> str:
    bounce = _first(mails, InboundKind.BOUNCE)
    return " ".join(filter(None, (bounce.status, bounce.diagnostic))) if bounce else ""


def _absence(mails: Sequence[Inbound]) -> str:
    away = _first(mails, InboundKind.OUT_OF_OFFICE)
    if away is None:
        return ""
    return f"they are away until {away.back_on}" if away.back_on else "they are away"


def _first(mails: Sequence[Inbound], kind: InboundKind) -> Inbound | None:
    return next((mail for mail in mails if mail.kind is kind), None)

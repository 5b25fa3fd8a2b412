"""What became of one email on its way out, decided from the outbox's row, what came back, and who is not written to.

What a person did counts for every email of theirs that had left by then: whoever answers the second one has answered
the first. The rest is each email's own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from miniatures.datamodel.hit import Hit
from miniatures.datamodel.inbound import Inbound, InboundKind
from miniatures.datamodel.message import CancelReason, MessageState
from miniatures.datamodel.standing import TO_SEND, Dispatch, State
from miniatures.delivery.reactions import reactions
from miniatures.store.mail.outbox_claim import ANSWERS
from miniatures.store.mail.people import Mailed
from miniatures.store.mail.posted import Posted, PostedEmail

_ENDED = {
    InboundKind.COMPLAINT: "they had reported an email before as spam",
    InboundKind.OPT_OUT: "they had opted out",
    InboundKind.REPLY: "they had answered",
    InboundKind.REFERRAL: "they had answered",
    InboundKind.BOUNCE: "an email before came back",
    InboundKind.GONE: "they are there no more",
}
"""What keeps a follow-up from leaving, the gravest first. It is told by kind as the sender does, whatever class people
gave to a mail since."""


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
    if against.suppressed(address):
        return Dispatch(State.SUPPRESSED, decisions=posted.decisions)
    if posted.arm in against.stopped:
        return Dispatch(State.CANCELLED, detail=cancel_words(CancelReason.ARM_STOPPED), decisions=posted.decisions)
    return None


def _ending(posted: Posted) -> str:
    """Why nobody is written to once more, in words; empty if nothing that came back says so."""
    kinds = {mail.kind for mail in posted.inbound}
    return next((words for kind, words in _ENDED.items() if kind in kinds), "")


def _of_row(row: PostedEmail, posted: Posted, address: str, against: Against) -> Dispatch | None:
    match row.state:
        case MessageState.QUEUED | MessageState.CLAIMED:
            return _queued(row, posted, address, against)
        case MessageState.SENDING:
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
    if any(mail.kind in ANSWERS for mail in posted.inbound):
        return _cancelled(CancelReason.REPLIED)
    if row.step and any(mail.kind is InboundKind.BOUNCE for mail in posted.inbound):
        return _cancelled(CancelReason.BOUNCED)
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
        case CancelReason.BOUNCED:
            return "an email before came back"
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
    did = reactions(list(map(_mailed, later)), mails, _by_email(posted.opt_outs))
    gone = _first(mails, InboundKind.GONE)
    found: tuple[tuple[State, datetime | None, str], ...] = (
        (State.COMPLAINED, did.complained_at, ""),
        (State.UNSUBSCRIBED, did.unsubscribed_at or _opted_out_of_earlier(row, posted, since), ""),
        (State.REPLIED, did.replied_at, _class(mails)),
        (State.BOUNCED, did.bounced_at or did.turned_away_at, _report(mails)),
        (State.GONE, gone.received_at if gone else None, ""),
    )
    for state, at, detail in found:
        if at is not None:
            return Dispatch(state, at, row.sent_at, detail)
    return Dispatch(State.SENT, sent_at=row.sent_at, detail=_absence(mails))


def _opted_out_of_earlier(row: PostedEmail, posted: Posted, since: datetime) -> datetime | None:
    """When they opted out on the page of an email that left before this one, once this one had left, too."""
    earlier = [_mailed(one) for one in posted.emails if one.step < row.step]
    pressed = _by_email(hit for hit in posted.opt_outs if hit.at >= since)
    return reactions(earlier, (), pressed).unsubscribed_at


def _by_email(opt_outs: Iterable[Hit]) -> Mapping[str, Sequence[Hit]]:
    found: defaultdict[str, list[Hit]] = defaultdict(list)
    for hit in opt_outs:
        found[hit.message].append(hit)
    return found


def _mailed(row: PostedEmail) -> Mailed:
    return Mailed(row.id, row.step, row.state, row.why, "", row.sent_at, "", row.draft, row.text_hash)


def _class(mails: Sequence[Inbound]) -> str:
    """What the first answer means, as far as somebody has told."""
    told = (mail.reply_class.replace("_", " ") for mail in mails if mail.kind in ANSWERS and mail.reply_class)
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

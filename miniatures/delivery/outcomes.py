"""What became of each person of an A/B test: drafted, approved, sent, and what they did then, with when.

Every count of the report is made of these, so that no two figures can be of different people. They are those who are
enrolled, whether a run has reached them or not. Of each person the draft counts whose text is in the outbox, else the
one that was written last; follow-ups add what they cost and what they brought about, and count nobody twice.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from miniatures.datamodel.draft import DraftStatus
from miniatures.datamodel.hashing import content_hash
from miniatures.datamodel.hit import Hit
from miniatures.datamodel.inbound import Inbound
from miniatures.datamodel.message import MessageState
from miniatures.datamodel.review import Review
from miniatures.datamodel.standing import APPROVED, State
from miniatures.delivery.bounce import bounced_at_once
from miniatures.delivery.reactions import NOTHING, Reactions, reactions
from miniatures.review.approvals import Decision, Decisions
from miniatures.store.mail.people import KeptDraft, Mailed, Place, Written
from miniatures.store.store import Store

_WRITTEN = (DraftStatus.READY, DraftStatus.NEEDS_REVIEW)
_WAITING = (MessageState.QUEUED, MessageState.CLAIMED)
_NEVER_LEAVES = (MessageState.REJECTED, MessageState.CANCELLED)
_UNLISTED = sys.maxsize
_UNDECIDED = Decision()


@dataclass(frozen=True)
class PersonOutcome:
    """One prospect's way. `did` is what they did; only what followed an email that was sent is theirs."""

    prospect: str
    company: str
    arm: str = ""
    gateway: str = ""
    """Who takes the company's mail, where that was looked up at the enrolment."""
    provider: str = ""
    """Who takes the person's mail, where an email was queued."""
    position: int = _UNLISTED
    policy: str = ""
    drafted: bool = False
    ready: bool = False
    decided: bool = False
    rejected: bool = False
    approved: bool = False
    edited: bool = False
    """What left, or may leave, is not what was drafted."""
    waiting: int = 0
    """Emails that are queued."""
    left_out: bool = False
    """No email was sent, and none will be."""
    cost_usd: float | None = 0.0
    sent_at: datetime | None = None
    """When a server took the first email, or refused it in a way that is a bounce."""
    did: Reactions = NOTHING


@dataclass(frozen=True)
class _Known:
    """All that is known of a campaign's people, by their keys."""

    written: Mapping[str, Written]
    drafts: Mapping[str, KeptDraft]
    mailed: Mapping[str, Sequence[Mailed]]
    hits: Mapping[str, Sequence[Hit]]
    inbound: Mapping[str, Sequence[Inbound]]
    positions: Mapping[str, int]
    decisions: Decisions
    approved: Mapping[str, str]
    by_risk: bool


def outcomes(
    store: Store,
    campaign: str,
    reviews: Iterable[Review],
    *,
    by_risk: bool,
    approved: Mapping[str, str] = MappingProxyType({}),
) -> list[PersonOutcome]:
    """Everybody who is enrolled, by key.

    `reviews` are the campaign's, without those that `approved` stands for (`store.mail.people.said`); `by_risk` says
    whether drafts that are ready may be sent without one.
    """
    people = store.mail.people
    hits, inbound = defaultdict(list), defaultdict(list)
    for hit in store.mail.hits.stream(campaign):
        hits[hit.message].append(hit)
    for mail in store.mail.inbox.stream(campaign):
        inbound[mail.prospect].append(mail)
    known = _Known(
        written=people.written(campaign),
        drafts=people.drafts(campaign),
        mailed=people.mailed(campaign),
        hits=hits,
        inbound={prospect: mails for prospect, mails in inbound.items() if prospect is not None},
        positions=people.positions(campaign),
        decisions=Decisions(reviews),
        approved=approved,
        by_risk=by_risk,
    )
    return [_outcome(place, known) for place in people.places(campaign)]


def _outcome(place: Place, known: _Known) -> PersonOutcome:
    key = place.prospect
    written, emails = known.written.get(key), known.mailed.get(key, ())
    first = first_email(emails)
    draft, status = _draft(written, first, known)
    approved_once = _was_approved(key, draft, known)
    decision = _UNDECIDED if approved_once or draft is None else known.decisions.on_text(*draft, key)
    state = decision.state
    approved = first is not None or _is_approved(decision, status, by_risk=known.by_risk)
    sent_at = tried_at(first)
    return PersonOutcome(
        prospect=key,
        company=place.company,
        arm=place.arm,
        gateway=place.gateway,
        provider=first.provider if first else "",
        position=known.positions.get(key, _UNLISTED),
        policy=first.policy if first else written.policy if written else "",
        drafted=draft is not None,
        ready=status is DraftStatus.READY,
        decided=approved_once or state is not None,
        rejected=state is State.REJECTED,
        approved=approved,
        edited=approved and _is_edited(first, draft, decision),
        waiting=sum(row.state in _WAITING for row in emails),
        left_out=sent_at is None and _is_left_out(written, first, decision),
        cost_usd=written.cost_usd if written else 0.0,
        sent_at=sent_at,
        did=_reactions(emails, known.inbound.get(key, ()), known.hits) if sent_at else NOTHING,
    )


def first_email(emails: Iterable[Mailed]) -> Mailed | None:
    """The first of the emails to somebody, which counts; None if they were sent none, or people took it back."""
    return next((row for row in emails if row.step == 0 and not row.was_taken_back), None)


def tried_at(first: Mailed | None) -> datetime | None:
    """When a first email reached a server that took it or knows no such address; None if it did not."""
    if first is None:
        return None
    return first.sent_at if first.state is MessageState.ACCEPTED else bounced_at_once(first)


def _reactions(emails: Sequence[Mailed], inbound: Sequence[Inbound], hits: Mapping[str, Sequence[Hit]]) -> Reactions:
    """Most people do nothing, and that is told at once."""
    if not inbound and not any(row.id in hits or row.refusal for row in emails):
        return NOTHING
    return reactions(emails, inbound, hits)


def _draft(
    written: Written | None, first: Mailed | None, known: _Known
) -> tuple[tuple[str, str] | None, DraftStatus | None]:
    """The draft that counts, by its id and the hash of its text, and what its checks made of it."""
    if first is not None:
        kept = known.drafts.get(first.draft)
        text_hash, status = (kept.text_hash, kept.status) if kept else (first.text_hash, DraftStatus.NEEDS_REVIEW)
        return (first.draft, text_hash), DraftStatus(status)
    if written is None or written.draft is None or written.status not in _WRITTEN:
        return None, None
    kept = known.drafts.get(written.draft)
    return (written.draft, kept.text_hash if kept else ""), written.status


def _was_approved(key: str, draft: tuple[str, str] | None, known: _Known) -> bool:
    """Whether the one thing that was said of anything written to them is an approval of this draft or its like."""
    approved = known.approved.get(key)
    if approved is None or draft is None:
        return False
    return approved == draft[0] or (approved in known.drafts and known.drafts[approved].text_hash == draft[1])


def _is_approved(decision: Decision, status: DraftStatus | None, *, by_risk: bool) -> bool:
    return decision.state in APPROVED or (by_risk and decision.state is None and status is DraftStatus.READY)


def _is_edited(first: Mailed | None, draft: tuple[str, str] | None, decision: Decision) -> bool:
    text = decision.approved_text
    leaving = first.text_hash if first else content_hash(text) if text else ""
    return draft is not None and leaving not in ("", draft[1])


def _is_left_out(written: Written | None, first: Mailed | None, decision: Decision) -> bool:
    if first is not None:
        return first.state in _NEVER_LEAVES
    return decision.state is State.REJECTED or (written is not None and written.status not in _WRITTEN)

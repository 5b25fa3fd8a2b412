"""What became of each person of a campaign: drafted, approved, sent, and what they did then, with when.

Every count of the A/B report is made of these, so that no two figures can be of different people.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from miniatures.checks.company_names import company_key
from miniatures.datamodel.arms import Enrolment
from miniatures.datamodel.draft import DraftStatus
from miniatures.datamodel.hit import Hit, HitClass, HitKind
from miniatures.datamodel.inbound import Inbound, InboundKind, ReplyClass
from miniatures.datamodel.message import MessageState, OutboxRow
from miniatures.datamodel.result import ProspectResult
from miniatures.datamodel.standing import State
from miniatures.delivery.hits.classify import classify
from miniatures.review.approvals import Decision, Decisions
from miniatures.store.store import Store

_WRITTEN = (DraftStatus.READY, DraftStatus.NEEDS_REVIEW)


@dataclass(frozen=True)
class PersonOutcome:
    """One prospect's way; a moment is null where that did not happen."""

    prospect: str
    company: str
    arm: str = ""
    provider: str = ""
    drafted: bool = False
    ready: bool = False
    decided: bool = False
    rejected: bool = False
    edited: bool = False
    approved: bool = False
    cost_usd: float | None = 0.0
    sent_at: datetime | None = None
    bounced_at: datetime | None = None
    opened_at: datetime | None = None
    """The first opening by a person beyond doubt."""
    perhaps_opened_at: datetime | None = None
    """The first hit that may have been one."""
    clicked_at: datetime | None = None
    replied_at: datetime | None = None
    positive_at: datetime | None = None
    unsubscribed_at: datetime | None = None
    complained_at: datetime | None = None


@dataclass
class _Mail:
    """What is known of the mail to and from one prospect."""

    rows: list[OutboxRow] = field(default_factory=list)
    hits: dict[str, list[Hit]] = field(default_factory=lambda: defaultdict(list))
    answers: list[Inbound] = field(default_factory=list)


def outcomes(store: Store, campaign: str) -> list[PersonOutcome]:
    """Everybody whom a run has reached or who is enrolled, in the list's order."""
    enrolled = store.mail.enrolments.of(campaign)
    decisions = Decisions(store.reviews(campaign))
    mail = _mail_by_prospect(store, campaign)
    return [
        _outcome(result, enrolled.get(result.prospect.key), decisions, mail.get(result.prospect.key, _Mail()))
        for result in store.results(campaign)
    ]


def _mail_by_prospect(store: Store, campaign: str) -> Mapping[str, _Mail]:
    found: dict[str, _Mail] = defaultdict(_Mail)
    for row in store.mail.outbox.stream(campaign):
        found[row.message.prospect].rows.append(row)
    for hit in store.mail.hits.stream(campaign):
        found[hit.prospect].hits[hit.message].append(hit)
    for answer in store.mail.inbox.stream(campaign):
        if answer.prospect is not None:
            found[answer.prospect].answers.append(answer)
    return found


def _outcome(result: ProspectResult, place: Enrolment | None, decisions: Decisions, mail: _Mail) -> PersonOutcome:
    draft, prospect = result.draft, result.prospect
    decision = decisions.on(draft, prospect.key) if draft else Decision()
    first = next((row for row in mail.rows if row.message.step == 0), None)
    left = first is not None and first.state is MessageState.ACCEPTED
    return PersonOutcome(
        prospect=prospect.key,
        company=place.company if place else company_key(prospect.company),
        arm=place.arm if place else "",
        provider=first.message.provider if first else "",
        drafted=result.status in _WRITTEN,
        ready=result.status is DraftStatus.READY,
        decided=decision.state is not None,
        rejected=decision.state is State.REJECTED,
        edited=decision.state is State.EDITED,
        approved=first is not None or decision.state in (State.APPROVED, State.EDITED),
        cost_usd=result.bill.cost_usd,
        sent_at=first.sent_at if first and left else None,
        **_answers(mail.answers),
        **_engagement(mail),
    )


def _answers(answers: Sequence[Inbound]) -> dict[str, datetime | None]:
    """When somebody first did what an email that came back says."""
    positive = [one for one in answers if one.kind is InboundKind.REPLY and one.reply_class is ReplyClass.POSITIVE]
    opted_out = [one for one in answers if one.reply_class is ReplyClass.OPT_OUT]
    return {
        "bounced_at": _first(_of(answers, InboundKind.BOUNCE)),
        "replied_at": _first(one for one in _of(answers, InboundKind.REPLY, InboundKind.REFERRAL)),
        "positive_at": _first(positive),
        "unsubscribed_at": _first([*_of(answers, InboundKind.OPT_OUT), *opted_out]),
        "complained_at": _first(_of(answers, InboundKind.COMPLAINT)),
    }


def _engagement(mail: _Mail) -> dict[str, datetime | None]:
    """When a person first opened, followed a link and opted out, over all emails to them, as the rules tell persons."""
    judged = [one for row in mail.rows for one in _judged(row, mail.hits.get(row.message.id, []))]
    human = [hit for hit, hit_class in judged if hit_class is HitClass.HUMAN]
    perhaps = [hit for hit, hit_class in judged if hit_class is not HitClass.MACHINE]
    found = {
        "opened_at": _first_hit(human, HitKind.OPEN),
        "perhaps_opened_at": _first_hit(perhaps, HitKind.OPEN),
        "clicked_at": _first_hit(human, HitKind.CLICK),
    }
    opted_out = _first_hit(human, HitKind.UNSUBSCRIBE_POST)
    return found | ({"unsubscribed_at": opted_out} if opted_out else {})


def _judged(row: OutboxRow, hits: Sequence[Hit]) -> Iterator[tuple[Hit, HitClass]]:
    in_order = sorted(hits, key=lambda hit: (hit.at, hit.id))
    for hit, (hit_class, _) in zip(in_order, classify(in_order, row.sent_at), strict=True):
        yield hit, hit_class


def _first_hit(hits: Iterable[Hit], kind: HitKind) -> datetime | None:
    return min((hit.at for hit in hits if hit.kind is kind), default=None)


def _of(answers: Iterable[Inbound], *kinds: InboundKind) -> list[Inbound]:
    return [one for one in answers if one.kind in kinds]


def _first(answers: Iterable[Inbound]) -> datetime | None:
    return min((one.received_at for one in answers), default=None)

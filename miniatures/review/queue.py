"""What waits for a reviewer: drafts to judge, and pairs of answers to one question to compare.

The order is drawn by seed, so that no reviewer reads the list from its top; it does not move when a review is added or
a run goes on, so a reviewer who stops goes on where they were.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from pydantic import ValidationError

from miniatures.agents.roles.writer import WRITER, WriterVariables
from miniatures.checks import CheckCase
from miniatures.datamodel.dossier import SetAside
from miniatures.datamodel.draft import Draft, DraftStatus, EmailText
from miniatures.datamodel.evidence import Quote
from miniatures.datamodel.hashing import content_hash, text_hash
from miniatures.datamodel.prospect import Recipient
from miniatures.datamodel.result import ProspectResult
from miniatures.datamodel.seat import Seat
from miniatures.datamodel.trace import Trace
from miniatures.review.email_text import email_of, normal
from miniatures.review.reviewing import Reviewable
from miniatures.store.drafts import QueuedDraft
from miniatures.store.store import WRITTEN, Store


@dataclass(frozen=True)
class DraftToReview:
    """A draft, who it is to, and the news that the check of an edit needs to know of beside its quotes."""

    recipient: Recipient
    draft: Draft
    item: Reviewable
    set_aside: tuple[SetAside, ...] = ()


@dataclass(frozen=True)
class PairToReview:
    """Two answers of different backends to one prompt. Their backends are not part of it: a reviewer must not know."""

    recipient: Recipient
    quotes: tuple[Quote, ...]
    first: Reviewable
    second: Reviewable


def waiting_drafts(
    store: Store, campaign: str, reviewer: str, statuses: Sequence[DraftStatus] = WRITTEN, seed: int = 0
) -> list[QueuedDraft]:
    """The drafts that this reviewer has not judged yet."""
    waiting = store.waiting(campaign, reviewer, statuses)
    return sorted(waiting, key=lambda one: text_hash(f"{seed} {one.prospect or one.id}"))


def draft_to_review(store: Store, waiting: QueuedDraft) -> DraftToReview | None:
    """The draft with what it was written from; None if the store no longer holds it."""
    if waiting.prospect is None:
        return _of_its_call(store, waiting)
    result = store.result(waiting.campaign, waiting.prospect, waiting.policy)
    if result is None or result.draft is None or result.draft.id != waiting.id:
        return None
    set_aside = result.dossier.set_aside if result.dossier else ()
    return DraftToReview(result.prospect, result.draft, _item(waiting, result.draft.text), set_aside)


def waiting_pairs(store: Store, campaign: str, reviewer: str, seed: int = 0) -> list[PairToReview]:
    """The pairs that this reviewer has not compared yet."""
    compared = {frozenset((review.trace, review.other_trace)) for review in store.reviews(campaign, reviewer)}
    people = {result.prospect.key: result for result in store.results(campaign)}
    pairs = [
        _pair(first, second, people[first.prospect])
        for first, second in answer_pairs(store.traces(campaign))
        if first.prospect in people and frozenset((first.id, second.id)) not in compared
    ]
    return sorted(pairs, key=lambda pair: text_hash(f"{seed} {pair.first.trace} {pair.second.trace}"))


def answer_pairs(traces: Iterable[Trace]) -> Iterator[tuple[Trace, Trace]]:
    """Each backend's first email to one prospect from the same prompt variables, two by two where they differ.

    Whether the second was a shadow, a fallback or another run's writer makes no difference. The shadow comes second.
    """
    questions: dict[str, dict[str, Trace]] = defaultdict(dict)
    for trace in traces:
        if trace.variables and _email(trace) is not None:
            question = content_hash([trace.prospect, trace.variables])
            questions[question].setdefault(str(trace.backend), trace)
    for answers in questions.values():
        ordered = sorted(answers.values(), key=lambda trace: (trace.seat is Seat.SHADOW, trace.id))
        for first, second in combinations(ordered, 2):
            if _spelling(first) != _spelling(second):
                yield first, second


def _of_its_call(store: Store, waiting: QueuedDraft) -> DraftToReview | None:
    """A draft that no campaign's result carries: the email and the quotes are those of the call that wrote it."""
    trace = store.trace(waiting.trace) if waiting.trace else None
    email = _email(trace) if trace else None
    if trace is None or email is None:
        return None
    case = _case(trace)
    draft = Draft(
        id=waiting.id,
        trace=trace.id,
        **email.model_dump(),
        evidence=tuple(case.evidence),
        status=waiting.status,
        backend=str(trace.backend),
    )
    return DraftToReview(case.prospect, draft, _item(waiting, email))


def _item(waiting: QueuedDraft, email: EmailText) -> Reviewable:
    trace = waiting.trace or waiting.id
    return Reviewable(trace, email.model_dump(), waiting.campaign, waiting.prospect, draft=waiting.id)


def _pair(first: Trace, second: Trace, result: ProspectResult) -> PairToReview:
    """The quotes are those of the prompt; where the draft was written from the same, with their sources."""
    shown = tuple(_case(first).evidence)
    draft = result.draft
    known = draft.evidence if draft and draft.trace in (first.id, second.id) else ()
    return PairToReview(result.prospect, known or shown, _reviewable(first), _reviewable(second))


def _case(trace: Trace) -> CheckCase:
    return WriterVariables.model_validate(trace.variables).case


def _reviewable(trace: Trace) -> Reviewable:
    return Reviewable(trace.id, email_of(trace.structured or {}).model_dump(), trace.campaign, trace.prospect)


def _email(trace: Trace) -> EmailText | None:
    """A whole answer to a writer's prompt."""
    if trace.role != WRITER.name or trace.error is not None or trace.structured is None:
        return None
    try:
        email = EmailText.model_validate(trace.structured)
    except ValidationError:
        return None
    return email if email.body.strip() else None


def _spelling(trace: Trace) -> EmailText:
    return normal(email_of(trace.structured or {}))

"""What waits for a reviewer: drafts to judge, and pairs of answers to one question to compare.

The order is drawn by seed, so that no reviewer reads the list from its top; it does not move when a review is added or
a run goes on, so a reviewer who stops goes on where they were.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations

from pydantic import ValidationError

from miniatures.agents.prompting import as_data
from miniatures.datamodel.draft import Draft, DraftStatus, EmailText
from miniatures.datamodel.evidence import Evidence
from miniatures.datamodel.hashing import content_hash, text_hash
from miniatures.datamodel.prospect import Prospect
from miniatures.datamodel.result import ProspectResult
from miniatures.datamodel.review import Review, ReviewAction
from miniatures.datamodel.trace import SHADOW, Trace
from miniatures.review.email_text import email_of, normal
from miniatures.review.reviewing import Reviewable
from miniatures.store.store import Store

WRITER = "writer"
WRITTEN = (DraftStatus.READY, DraftStatus.NEEDS_REVIEW)
"""The statuses of drafts that a person may judge."""


@dataclass(frozen=True)
class Quote:
    """One quote as a reviewer is shown it; without a URL where the store no longer knows its source."""

    text: str
    url: str = ""
    published: datetime | None = None


@dataclass(frozen=True)
class DraftToReview:
    """A draft whose model call is known, and what it was written from."""

    prospect: Prospect
    draft: Draft
    item: Reviewable
    quotes: tuple[Quote, ...]


@dataclass(frozen=True)
class PairToReview:
    """Two answers of different backends to one prompt. Their backends are not part of it: a reviewer must not know."""

    prospect: Prospect
    quotes: tuple[Quote, ...]
    first: Reviewable
    second: Reviewable


def waiting_drafts(
    store: Store, campaign: str, reviewer: str, statuses: Sequence[DraftStatus] = WRITTEN, seed: int = 0
) -> list[ProspectResult]:
    """The drafts that this reviewer has not judged yet. The same text for the same prospect is judged once."""
    judged = {_judged(review) for review in store.reviews(campaign, reviewer) if _is_of_draft(review)}
    waiting = [
        result
        for result in store.results(campaign)
        if result.draft is not None
        and result.draft.body.strip()
        and result.status in statuses
        and (result.prospect.key, content_hash(_answer(result.draft))) not in judged
    ]
    return sorted(waiting, key=lambda result: text_hash(f"{seed} {result.prospect.key}"))


def draft_to_review(store: Store, result: ProspectResult) -> DraftToReview | None:
    """The draft with the call that wrote it; None if the store holds no such call, so that nothing could be learnt."""
    draft, key = result.draft, result.prospect.key
    if draft is None:
        return None
    trace = writer_trace(store.traces(result.campaign, key), draft)
    if trace is None:
        return None
    item = Reviewable(trace.id, _answer(draft), result.campaign, key)
    quotes = tuple(Quote(one.quote, one.url, one.published) for one in draft.evidence)
    return DraftToReview(result.prospect, draft, item, quotes)


def writer_trace(traces: Iterable[Trace], draft: Draft) -> Trace | None:
    """The last call that answered with exactly this draft: of its own backend, if any of them was."""
    wrote = [trace for trace in traces if trace.role != SHADOW and _email(trace) == (draft.subject, draft.body)]
    own = [trace for trace in wrote if str(trace.backend) == draft.backend]
    return next(reversed(own or wrote), None)


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
        if _email(trace) is not None and trace.variables:
            question = content_hash([trace.prospect, trace.variables])
            questions[question].setdefault(str(trace.backend), trace)
    for answers in questions.values():
        ordered = sorted(answers.values(), key=lambda trace: (trace.role == SHADOW, trace.id))
        for first, second in combinations(ordered, 2):
            if _spelling(first) != _spelling(second):
                yield first, second


def _pair(first: Trace, second: Trace, result: ProspectResult) -> PairToReview:
    known = {as_data(one.quote): one for one in _evidence(result)}
    texts = [str(quote.get("text", "")) for quote in first.variables.get("quotes", ())]
    return PairToReview(
        result.prospect, tuple(_quote(text, known.get(text)) for text in texts), _reviewable(first), _reviewable(second)
    )


def _evidence(result: ProspectResult) -> Iterator[Evidence]:
    yield from result.dossier.facts if result.dossier else ()
    yield from result.draft.evidence if result.draft else ()


def _quote(text: str, source: Evidence | None) -> Quote:
    return Quote(source.quote, source.url, source.published) if source else Quote(text)


def _reviewable(trace: Trace) -> Reviewable:
    return Reviewable(trace.id, EmailText.model_validate(trace.structured).model_dump(), trace.campaign, trace.prospect)


def _email(trace: Trace) -> tuple[str, str] | None:
    """Subject and body of a whole answer to a writer's prompt."""
    if trace.prompt_name != WRITER or trace.error is not None or trace.structured is None:
        return None
    try:
        email = EmailText.model_validate(trace.structured)
    except ValidationError:
        return None
    return (email.subject, email.body) if email.body.strip() else None


def _spelling(trace: Trace) -> EmailText:
    return normal(email_of(trace.structured or {}))


def _answer(draft: Draft) -> dict[str, str]:
    return EmailText(subject=draft.subject, body=draft.body).model_dump()


def _is_of_draft(review: Review) -> bool:
    return review.action is not ReviewAction.COMPARE and review.role == WRITER


def _judged(review: Review) -> tuple[str | None, str]:
    return review.prospect, content_hash(review.answer)

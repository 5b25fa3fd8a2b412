"""What waits for a reviewer: drafts to judge, and pairs of answers to one question to compare.

The order is drawn by seed, so that no reviewer reads the list from its top; it does not move when a review is added or
a run goes on, so a reviewer who stops goes on where they were.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from miniatures.agents.as_data import as_data
from miniatures.agents.roles.shared import quotes_of
from miniatures.agents.roles.writer import WRITER, WriterVariables
from miniatures.checks import run_checks
from miniatures.datamodel.dossier import SetAside
from miniatures.datamodel.draft import Draft, DraftStatus, EmailText
from miniatures.datamodel.evidence import Evidence, Quote
from miniatures.datamodel.hashing import text_hash
from miniatures.datamodel.prospect import Recipient
from miniatures.datamodel.result import ProspectResult
from miniatures.datamodel.seat import Seat
from miniatures.datamodel.trace import Trace
from miniatures.review.email_text import email_of, normal
from miniatures.review.reviewing import Reviewable
from miniatures.store.drafts import QueuedDraft
from miniatures.store.store import Store

WRITTEN = (DraftStatus.READY, DraftStatus.NEEDS_REVIEW)
"""The statuses of drafts that a person may judge."""


@dataclass(frozen=True)
class DraftToReview:
    """A draft whose model call is known, and what it was written from."""

    prospect: Recipient
    draft: Draft
    item: Reviewable
    set_aside: tuple[SetAside, ...] = ()


@dataclass(frozen=True)
class PairToReview:
    """Two answers of different backends to one question. Their backends are no part of it: a reviewer must not know."""

    prospect: Recipient
    quotes: tuple[Quote, ...]
    first: Reviewable
    second: Reviewable


def waiting_drafts(
    store: Store, campaign: str, reviewer: str, statuses: Sequence[DraftStatus] = WRITTEN, seed: int = 0
) -> list[QueuedDraft]:
    """The drafts that this reviewer has not judged yet."""
    waiting = store.waiting(campaign, reviewer, statuses)
    return sorted(waiting, key=lambda queued: text_hash(f"{seed} {queued.prospect or queued.id}"))


def draft_to_review(store: Store, queued: QueuedDraft) -> DraftToReview | None:
    """The draft with the call that wrote it; None if the store holds no such call, so that nothing could be learnt."""
    trace = store.trace(queued.trace) if queued.trace else None
    if trace is None:
        return None
    result = store.result(queued.campaign, queued.prospect, queued.policy) if queued.prospect else None
    if result is None or result.draft is None or result.draft.id != queued.id:
        return _from_its_call(trace, queued)
    set_aside = result.dossier.set_aside if result.dossier else ()
    return DraftToReview(result.prospect, result.draft, _reviewable(result.draft, queued), set_aside)


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
    """The writer's first email to each question beside its shadow's and the fallback's, where they differ.

    A question is what one policy asked about one prospect with the answers of the same earlier calls: a rewrite, which
    was told what was refused, answers another one.
    """
    questions: dict[tuple[object, ...], list[Trace]] = defaultdict(list)
    for trace in traces:
        if _email(trace) is not None:
            asked = trace.sources or (trace.run_id,)
            questions[trace.campaign, trace.prospect, trace.policy, asked].append(trace)
    for answers in questions.values():
        answers.sort(key=lambda trace: trace.id)
        first = next((trace for trace in answers if trace.seat is Seat.FIRST), None)
        if first is not None:
            shadows = [trace for trace in answers if trace.shadow_of == first.id]
            fallbacks = [trace for trace in answers if trace.seat is Seat.FALLBACK]
            yield from ((first, other) for other in (*shadows, *fallbacks[:1]) if _email(other) != _email(first))


def _from_its_call(trace: Trace, queued: QueuedDraft) -> DraftToReview | None:
    """A draft of no campaign's making, read back from its prompt and its answer."""
    email = _email(trace)
    if email is None:
        return None
    asked = _asked(trace)
    report = run_checks(email, asked.case)
    draft = Draft(
        id=queued.id,
        **email_of(trace.structured or {}).model_dump(),
        trace=trace.id,
        statements=report.statements,
        evidence=asked.case.evidence,
        checks=report.results,
        status=queued.status,
        backend=str(trace.backend),
    )
    return DraftToReview(asked.prospect, draft, _reviewable(draft, queued))


def _pair(first: Trace, second: Trace, result: ProspectResult) -> PairToReview:
    kept = result.draft.id if result.draft else None
    items = [
        Reviewable(
            one.id,
            email_of(one.structured or {}).model_dump(),
            one.campaign,
            one.prospect,
            draft=one.id if one.id == kept else None,
        )
        for one in (first, second)
    ]
    return PairToReview(result.prospect, _quotes(first, result), *items)


def _quotes(trace: Trace, result: ProspectResult) -> tuple[Quote, ...]:
    """The quotes that the call was shown, with their sources: by the calls that chose them, else by their words."""
    lines = _asked(trace).quotes
    facts = (*(result.draft.evidence if result.draft else ()), *(result.dossier.facts if result.dossier else ()))
    facts = tuple(dict.fromkeys(facts))
    chosen = tuple(fact for fact in facts if isinstance(fact, Evidence) and fact.trace in trace.sources)
    if len(chosen) == len(lines):
        return chosen
    known = {as_data(fact.quote): fact for fact in facts}
    return tuple(known.get(line.quote, line) for line in quotes_of(lines))


def _asked(trace: Trace) -> WriterVariables:
    return WRITER.read(trace.variables)


def _reviewable(draft: Draft, queued: QueuedDraft) -> Reviewable:
    answer = draft.text.model_dump()
    return Reviewable(draft.trace or draft.id, answer, queued.campaign, queued.prospect, draft=draft.id)


def _email(trace: Trace) -> EmailText | None:
    """The email of a whole answer to a writer's prompt, in its normal spelling."""
    if trace.prompt_name != WRITER.name or not trace.whole:
        return None
    try:
        _asked(trace)
        email = normal(email_of(trace.structured or {}))
    except ValidationError:
        return None
    return email if email.body else None

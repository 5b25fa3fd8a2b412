"""What waits for a reviewer: drafts to judge, and pairs of answers to one question to compare.

The order is drawn by seed, so that no reviewer reads the list from its top; it does not move when a review is added or
a run goes on, so a reviewer who stops goes on where they were.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from miniatures.agents.as_data import as_data
from miniatures.agents.roles.writer import FOLLOW_UP, WRITER, WriterVariables
from miniatures.checks import CheckCase
from miniatures.datamodel.dossier import SetAside
from miniatures.datamodel.draft import Draft, DraftStatus, EmailText
from miniatures.datamodel.evidence import Evidence, Quote
from miniatures.datamodel.hashing import text_hash
from miniatures.datamodel.prospect import Recipient
from miniatures.datamodel.result import ProspectResult
from miniatures.datamodel.review import Review
from miniatures.datamodel.seat import Seat
from miniatures.datamodel.trace import Trace
from miniatures.inputs.campaign import LoadedCampaign
from miniatures.review.approvals import Decisions
from miniatures.review.email_text import email_of, normal
from miniatures.review.reviewing import Reviewable
from miniatures.store.drafts import QueuedDraft
from miniatures.store.store import WRITTEN, Store


@dataclass(frozen=True)
class DraftToReview:
    """A draft, who it is to, and the news that the check of an edit needs to know of beside its quotes.

    `edit` is a person's text that stands in the draft's place, or was written in that of an earlier one.
    """

    recipient: Recipient
    draft: Draft
    item: Reviewable
    set_aside: tuple[SetAside, ...] = ()
    edit: Review | None = None
    result: ProspectResult | None = None
    """What carries the draft; None for one of no campaign's making."""

    def case(self, loaded: LoadedCampaign) -> CheckCase:
        """What an edit of it is checked against."""
        return CheckCase(
            prospect=self.recipient,
            brief=loaded.brief.for_follow_ups if self.item.step else loaded.brief,
            evidence=self.draft.evidence,
            set_aside=self.set_aside,
            max_age_days=loaded.campaign.research.max_age_days,
        )

    @property
    def edited_text(self) -> EmailText | None:
        """What that person wrote."""
        return email_of(self.edit.target) if self.edit and self.edit.target else None

    @property
    def edit_stands(self) -> bool:
        """Whether it is of this very text, and goes out in its place."""
        return self.edit is not None and email_of(self.edit.answer) == self.draft.text

    @property
    def standing_edit(self) -> EmailText | None:
        """What that person wrote, if it goes out in the draft's place."""
        return self.edited_text if self.edit_stands else None


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
    """The drafts whose text this reviewer has not judged yet: the same text written again is judged already."""
    said = Decisions(store.reviews(campaign, reviewer))
    new = (one for one in store.waiting(campaign, reviewer, statuses) if not _is_judged(one, said, reviewer))
    return sorted(new, key=lambda one: text_hash(f"{seed} {one.prospect or one.id}"))


def still_listed(waiting: Iterable[QueuedDraft], listed: Container[str]) -> list[QueuedDraft]:
    """Without those whose prospect (by key) the list no longer has; a draft of no campaign's making is to nobody."""
    return [one for one in waiting if one.prospect is None or one.prospect in listed]


def draft_of(result: ProspectResult) -> QueuedDraft | None:
    """The draft of one prospect, whoever has judged it already; None if none was written."""
    draft, prospect = result.draft, result.prospect.key
    if draft is None:
        return None
    return QueuedDraft(draft.id, result.campaign, prospect, result.policy, draft.trace, draft.status, draft.text_hash)


def draft_to_review(store: Store, waiting: QueuedDraft, said: Decisions | None = None) -> DraftToReview | None:
    """The draft with what it was written from; None if the store no longer holds it.

    `said` is what the campaign's reviewers decided, among which an edit is looked for.
    """
    if waiting.prospect is None:
        return _of_its_call(store, waiting)
    result = store.result(waiting.campaign, waiting.prospect, waiting.policy)
    if result is None or result.draft is None or result.draft.id != waiting.id:
        return None
    set_aside = result.dossier.set_aside if result.dossier else ()
    edit = said.edit_of(result.draft, waiting.prospect, waiting.step) if said else None
    return DraftToReview(result.prospect, result.draft, _item(waiting, result.draft.text), set_aside, edit, result)


def waiting_pairs(store: Store, campaign: str, reviewer: str, seed: int = 0) -> list[PairToReview]:
    """The pairs that this reviewer has not compared yet."""
    compared = {frozenset((review.trace, review.other_trace)) for review in store.reviews(campaign, reviewer)}
    people = {result.prospect.key: result for result in store.results(campaign)}
    pairs = [
        pair_of(first, second, people[first.prospect])
        for first, second in answer_pairs(store.traces(campaign))
        if first.prospect in people and frozenset((first.id, second.id)) not in compared
    ]
    return sorted(pairs, key=lambda pair: text_hash(f"{seed} {pair.first.trace} {pair.second.trace}"))


def answer_pairs(traces: Iterable[Trace]) -> Iterator[tuple[Trace, Trace]]:
    """The writer's first email to each question beside its shadow's and the fallback's, where they differ.

    A question is what one policy asked about one prospect with the answers of the same earlier calls. A rewrite, which
    was told what was refused, answers another one, and so does a follow-up.
    """
    questions: dict[Hashable, list[Trace]] = defaultdict(list)
    for trace in traces:
        if _email(trace) is not None and trace.node != FOLLOW_UP:
            asked = trace.sources or trace.run_id
            questions[trace.campaign, trace.prospect, trace.policy, asked].append(trace)
    for answers in questions.values():
        ordered = sorted(answers, key=lambda trace: trace.id)
        first = next((trace for trace in ordered if trace.seat is Seat.FIRST), None)
        if first is not None:
            shadows = [trace for trace in ordered if trace.shadow_of == first.id]
            fallbacks = [trace for trace in ordered if trace.seat is Seat.FALLBACK]
            yield from ((first, other) for other in (*shadows, *fallbacks[:1]) if _spelling(first) != _spelling(other))


def pair_of(first: Trace, second: Trace, result: ProspectResult) -> PairToReview:
    """Two calls' answers to one question as a pair; the result is that of their prospect."""
    kept = result.draft.id if result.draft else None
    return PairToReview(result.prospect, _quotes(first, result), answer_of(first, kept), answer_of(second, kept))


def answer_of(trace: Trace, kept: str | None = None) -> Reviewable:
    """The call's answer. Of all answers only the kept one became a draft, and calls name their drafts."""
    answer = email_of(trace.structured or {}).model_dump()
    draft = trace.id if trace.id == kept else None
    return Reviewable(trace.id, answer, trace.campaign, trace.prospect, draft=draft)


def _is_judged(waiting: QueuedDraft, said: Decisions, reviewer: str) -> bool:
    return waiting.prospect is not None and said.judged(reviewer, waiting.prospect, waiting.text_hash)


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
    about = waiting.campaign, waiting.prospect
    return Reviewable(trace, email.model_dump(), *about, draft=waiting.id, step=waiting.step)


def _quotes(trace: Trace, result: ProspectResult) -> tuple[Quote, ...]:
    """The quotes of the prompt with their sources: by the calls that chose them, by their words where rank did."""
    shown = _case(trace).evidence
    facts = result.dossier.facts if result.dossier else ()
    chosen = tuple(fact for fact in facts if isinstance(fact, Evidence) and fact.trace in trace.sources)
    if len(chosen) == len(shown):
        return chosen
    known = {as_data(fact.quote): fact for fact in facts}
    return tuple(known.get(quote.quote, quote) for quote in shown)


def _case(trace: Trace) -> CheckCase:
    return WriterVariables.model_validate(trace.variables).case


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

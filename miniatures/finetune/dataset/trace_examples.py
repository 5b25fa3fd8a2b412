"""Makes examples of traces: for each question the one answer that reviewers, or else the checks, stand behind.

A rewrite that passed teaches the first prompt: reasons and the refused email are taken out of its variables, and the
student learns to write at once what the teacher needed two tries for. What counts is the variables, never the rendered
text, so a teacher's long prompt and a student's compact one are the same question.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from miniatures.agents.sighting import AGAIN
from miniatures.datamodel.dataset import DropReason
from miniatures.datamodel.example import Example, Source
from miniatures.datamodel.hashing import content_hash
from miniatures.datamodel.news import NewsKind
from miniatures.datamodel.review import RejectReason, Review
from miniatures.datamodel.trace import SHADOW, Trace
from miniatures.finetune.dataset.sightings import is_choice, sightings_of
from miniatures.finetune.example_checks import RESEARCHER, WRITER, faults
from miniatures.review.rulings import Ruling, Rulings, Verdict
from miniatures.store.second_answers import FALLBACK

SYNTHESIZE = "synthesize"
"""The node in traces of a teacher that was asked for training data."""
ROLES = (WRITER, RESEARCHER)


@dataclass(frozen=True)
class TraceSelection:
    """Which traces become examples.

    `verdicts` are the reviewers' words that are asked for; None takes checked answers that nobody reviewed as well.
    `checked` holds what reviewers stand behind to the checks too. A trace counts from `since` up to but not at `until`.
    """

    roles: tuple[str, ...] = ROLES
    verdicts: frozenset[Verdict] | None = None
    checked: bool = False
    since: datetime | None = None
    until: datetime | None = None

    def takes(self, trace: Trace) -> bool:
        """Whether the trace is within the time cut."""
        return (self.since is None or trace.started_at >= self.since) and (
            self.until is None or trace.started_at < self.until
        )


@dataclass
class TraceExamples:
    """The examples, and why other answers became none. Each distinct answer to a question is counted once."""

    examples: list[Example] = field(default_factory=list)
    dropped: Counter[DropReason] = field(default_factory=Counter)


@dataclass(frozen=True)
class _Candidate:
    """One distinct answer to one question, with every call that gave it."""

    role: str
    variables: dict[str, Any]
    answer: dict[str, Any] | None
    traces: tuple[Trace, ...]
    ruling: Ruling | None

    @property
    def source(self) -> Source:
        match self.ruling and self.ruling.verdict:
            case Verdict.EDITED:
                return Source.EDITED
            case Verdict.ACCEPTED | Verdict.PREFERRED:
                return Source.ACCEPTED
            case _:
                return Source.TEACHER if self.is_teacher else Source.CHECKED

    @property
    def is_teacher(self) -> bool:
        return all(trace.role == FALLBACK or trace.node == SYNTHESIZE for trace in self.traces)

    @property
    def rank(self) -> tuple[int, bool, str]:
        """The lowest is the answer that is learned: edits first, then acceptances, then what was used."""
        order = list(Verdict).index(self.ruling.verdict) if self.ruling else len(Verdict)
        return order, all(trace.role == SHADOW for trace in self.traces), self.traces[0].id

    @property
    def lineage(self) -> tuple[str, ...]:
        reviews = self.ruling.lineage if self.ruling else ()
        return (*(f"trace:{trace.id}" for trace in self.traces), *reviews)

    @property
    def target(self) -> dict[str, Any] | None:
        return self.ruling.target if self.ruling else self.answer


def trace_examples(
    traces: Iterable[Trace], reviews: Iterable[Review], selection: TraceSelection | None = None
) -> TraceExamples:
    """The examples of these traces, in an order that does not depend on theirs."""
    chosen = selection or TraceSelection()
    rulings = Rulings(reviews)
    taken = sorted((trace for trace in traces if chosen.takes(trace)), key=lambda trace: trace.id)
    found = TraceExamples()
    written = TraceExamples()
    rejected_facts: set[str] = set()
    for candidates in _questions(taken, WRITER, rulings):
        _settle(candidates, chosen, written)
        rejected_facts |= {_facts(WRITER, one.variables, None) for one in candidates if _chose_wrongly(one)}
    if WRITER in chosen.roles:
        found = written
    if RESEARCHER in chosen.roles:
        emails = {key: example for example in written.examples for key in _written_from(example)}
        for candidates in _questions(taken, RESEARCHER, rulings):
            judged = [_by_its_email(one, emails, rejected_facts) for one in candidates]
            _settle(judged, chosen, found)
        found.examples += _new_sightings(found.examples)
    return found


def _new_sightings(examples: Sequence[Example]) -> list[Example]:
    """What the choices tell about sentences that no sighting is about, each once; where two disagree, the first."""
    known = {content_hash(example.variables) for example in examples}
    found: dict[str, Example] = {}
    for sighting in (one for example in examples if is_choice(example) for one in sightings_of(example)):
        question = content_hash(sighting.variables)
        if question not in known:
            found.setdefault(question, sighting)
    return list(found.values())


def _questions(traces: Sequence[Trace], role: str, rulings: Rulings) -> list[list[_Candidate]]:
    """The distinct answers to each question that was put to the role."""
    asked: dict[str, dict[str, list[Trace]]] = defaultdict(lambda: defaultdict(list))
    for trace in traces:
        if trace.prompt_name == role and trace.variables and trace.node != AGAIN:
            question = content_hash({**first_question(trace.variables), "today": None})
            asked[question][_answer_key(trace)].append(trace)
    return [[_candidate(role, same, rulings) for same in answers.values()] for _, answers in sorted(asked.items())]


def first_question(variables: dict[str, Any]) -> dict[str, Any]:
    """The variables as they were before any answer was refused."""
    reset: dict[str, Any] = {"reasons": [], "previous": None}
    return {**variables, **{name: value for name, value in reset.items() if name in variables}}


def _answer_key(trace: Trace) -> str:
    return content_hash(trace.structured if trace.error is None else None)


def _candidate(role: str, traces: list[Trace], rulings: Rulings) -> _Candidate:
    first = traces[0]
    answer = first.structured if first.error is None else None
    return _Candidate(role, first_question(first.variables), answer, tuple(traces), rulings.on(traces))


def _settle(candidates: Sequence[_Candidate], selection: TraceSelection, found: TraceExamples) -> None:
    """Keep the best answer to one question; count the others by why they were left out."""
    kept: list[_Candidate] = []
    for candidate in candidates:
        reason = _drop_reason(candidate, selection)
        if reason is None:
            kept.append(candidate)
        else:
            found.dropped[reason] += 1
    if kept:
        best, *others = sorted(kept, key=lambda candidate: candidate.rank)
        found.dropped[DropReason.SUPERSEDED] += len(others)
        found.examples.append(_example(best, candidates))


def _drop_reason(candidate: _Candidate, selection: TraceSelection) -> DropReason | None:
    """Why the answer is not to be learned; None if it may be."""
    ruling = candidate.ruling
    if ruling is not None and ruling.verdict is Verdict.REJECTED:
        return DropReason.REJECTED
    if ruling is not None and ruling.verdict is Verdict.OUTDONE:
        return DropReason.SUPERSEDED
    target = candidate.target
    if target is None:
        return DropReason.NO_ANSWER
    reviewed = ruling is not None and ruling.verdict in (Verdict.EDITED, Verdict.ACCEPTED)
    vouched_for = reviewed and candidate.role == WRITER
    if (selection.checked or not vouched_for) and faults(candidate.role, candidate.variables, target):
        return DropReason.FAILED_CHECKS
    unconfirmed = candidate.role == RESEARCHER and not candidate.is_teacher and ruling is None
    unwanted = selection.verdicts is not None and (ruling is None or ruling.verdict not in selection.verdicts)
    return DropReason.NOT_REVIEWED if unconfirmed or unwanted else None


def _example(best: _Candidate, candidates: Sequence[_Candidate]) -> Example:
    variables, target = best.variables, best.target
    company = variables["prospect"]["company"] if best.role == WRITER else variables["company"]
    return Example(
        role=best.role,
        variables=variables,
        answer=target,
        company=str(company),
        source=best.source,
        lineage=best.lineage,
        rejected=_rejected(best, candidates),
    )


def _rejected(best: _Candidate, candidates: Sequence[_Candidate]) -> dict[str, Any] | None:
    """What a reviewer put the answer above: the text before their edit, the lesser of two, or one they rejected."""
    if best.ruling is None or best.role != WRITER:
        return None
    if best.ruling.preferred_over is not None:
        return best.ruling.preferred_over
    refused = [one for one in candidates if one.ruling and one.ruling.verdict is Verdict.REJECTED and one.answer]
    return min(refused, key=lambda one: one.rank).answer if refused else None


def _facts(role: str, variables: dict[str, Any], answer: dict[str, Any] | None) -> str:
    """Names the company and the quotes that an email was written from, or that a researcher chose or calls news."""
    if role == WRITER:
        return _facts_key(variables["prospect"]["company"], [quote["text"] for quote in variables["quotes"]])
    given = answer or {}
    numbers = {choice.get("number") for choice in given.get("choices", ()) if isinstance(choice, dict)}
    if given.get("kind") in list(NewsKind):
        numbers = {one["number"] for one in variables["sentences"]}
    return _facts_key(variables["company"], [one["text"] for one in variables["sentences"] if one["number"] in numbers])


def _written_from(email: Example) -> set[str]:
    """Names all quotes of an email, which a large researcher chose together, and each, which a small one was shown."""
    company, texts = email.variables["prospect"]["company"], [quote["text"] for quote in email.variables["quotes"]]
    return {_facts_key(company, texts), *(_facts_key(company, [text]) for text in texts)}


def _facts_key(company: object, texts: Iterable[object]) -> str:
    return content_hash([str(company), sorted(map(str, texts))])


def _chose_wrongly(candidate: _Candidate) -> bool:
    ruling = candidate.ruling
    return ruling is not None and RejectReason.WRONG_FACT_CHOSEN in ruling.reasons


def _by_its_email(candidate: _Candidate, emails: dict[str, Example], rejected: set[str]) -> _Candidate:
    """The researcher's choice, judged by the email that was written from it, unless it was reviewed itself."""
    facts = _facts(RESEARCHER, candidate.variables, candidate.answer)
    if candidate.ruling is not None or candidate.answer is None:
        return candidate
    if facts in rejected:
        return replace(candidate, ruling=Ruling(Verdict.REJECTED))
    email = emails.get(facts)
    if email is None:
        return candidate
    said = tuple(entry for entry in email.lineage if entry.startswith("review:"))
    verdict = Verdict.ACCEPTED if said else Verdict.CHECKED
    return replace(candidate, ruling=Ruling(verdict, candidate.answer, lineage=said))

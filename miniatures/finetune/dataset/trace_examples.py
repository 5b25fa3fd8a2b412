"""Makes examples of traces: for each question the one answer that reviewers, or else the checks, stand behind.

A rewrite that passed teaches the first prompt: reasons and the refused email are taken out of its variables, and the
student learns to write at once what the teacher needed two tries for. What counts is the variables, never the rendered
text, so a teacher's long prompt and a student's compact one are the same question. A researcher's answer is judged by
the email that was written from it: a writer's trace names the calls that chose its facts.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from miniatures.agents.classify import AGAIN
from miniatures.agents.roles.assessor import ASSESSOR
from miniatures.agents.roles.researcher import RESEARCHER
from miniatures.agents.roles.role import Role, Variables
from miniatures.agents.roles.writer import WRITER
from miniatures.datamodel.dataset import DropReason
from miniatures.datamodel.example import Example, Source
from miniatures.datamodel.hashing import content_hash
from miniatures.datamodel.json_types import StructuredAnswer
from miniatures.datamodel.review import RejectReason, Review
from miniatures.datamodel.seat import Seat
from miniatures.datamodel.trace import Trace
from miniatures.finetune.dataset.sightings import is_choice, sightings_of
from miniatures.review.rulings import Ruling, Rulings, Verdict

SYNTHESIZE = "synthesize"
"""The node in traces of a teacher that was asked for training data."""
ROLES = (WRITER.name, RESEARCHER.name, ASSESSOR.name)


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

    role: Role[Any, Any]
    question: Variables
    answer: StructuredAnswer | None
    traces: tuple[Trace, ...]
    ruling: Ruling | None

    @property
    def faulty(self) -> bool:
        """Whether something speaks against the answer that would be learned."""
        return bool(self.role.faults_of(self.question.model_dump(mode="json"), self.target or {}))

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
        return all(trace.seat is Seat.FALLBACK or trace.node == SYNTHESIZE for trace in self.traces)

    @property
    def rank(self) -> tuple[int, bool, str]:
        """The lowest is the answer that is learned: edits first, then acceptances, then what was used."""
        order = list(Verdict).index(self.ruling.verdict) if self.ruling else len(Verdict)
        return order, all(trace.seat is Seat.SHADOW for trace in self.traces), self.traces[0].id

    @property
    def lineage(self) -> tuple[str, ...]:
        reviews = self.ruling.lineage if self.ruling else ()
        return (*(f"trace:{trace.id}" for trace in self.traces), *reviews)

    @property
    def target(self) -> StructuredAnswer | None:
        return self.ruling.target if self.ruling else self.answer


def trace_examples(
    traces: Iterable[Trace], reviews: Iterable[Review], selection: TraceSelection | None = None
) -> TraceExamples:
    """The examples of these traces, in an order that does not depend on theirs."""
    chosen = selection or TraceSelection()
    rulings = Rulings(reviews)
    taken = sorted((trace for trace in traces if chosen.takes(trace)), key=lambda trace: trace.id)
    written, researched = TraceExamples(), TraceExamples()
    emails: dict[str, list[Example]] = defaultdict(list)
    refused: set[str] = set()
    for candidates in _questions(taken, WRITER, rulings, written):
        best = _settle(candidates, chosen, written)
        for source in _sources(best):
            emails[source].append(written.examples[-1])
        for one in candidates:
            if one.ruling and RejectReason.WRONG_FACT_CHOSEN in one.ruling.reasons:
                refused |= _sources(one)
    for candidates in _questions(taken, RESEARCHER, rulings, researched):
        _settle([_by_its_email(one, emails, refused) for one in candidates], chosen, researched)
    researched.examples += _new_sightings(researched.examples)
    found = {WRITER.name: written, RESEARCHER.name: researched}
    wanted = [one for role, one in found.items() if role in chosen.roles]
    examples = [example for one in wanted for example in one.examples]
    return TraceExamples(examples, sum((one.dropped for one in wanted), Counter()))


def _new_sightings(examples: Sequence[Example]) -> list[Example]:
    """What the choices tell about sentences that no sighting is about, each once; where two disagree, the first."""
    known = {content_hash(example.variables) for example in examples}
    found: dict[str, Example] = {}
    for sighting in (one for example in examples if is_choice(example) for one in sightings_of(example)):
        question = content_hash(sighting.variables)
        if question not in known:
            found.setdefault(question, sighting)
    return list(found.values())


def _questions(
    traces: Sequence[Trace], role: Role[Any, Any], rulings: Rulings, found: TraceExamples
) -> list[list[_Candidate]]:
    """The distinct answers to each question that was put to the role. What cannot be read as one is counted."""
    asked: dict[str, dict[str, list[Trace]]] = defaultdict(lambda: defaultdict(list))
    questions: dict[str, Variables] = {}
    for trace in traces:
        if trace.role != role.name or not trace.variables or trace.node == AGAIN:
            continue
        try:
            question = role.read(trace.variables).first_question()
        except ValidationError:
            found.dropped[DropReason.UNRENDERABLE] += 1
            continue
        name = content_hash({**question.model_dump(mode="json"), "today": None})
        questions.setdefault(name, question)
        asked[name][content_hash(_answer(trace, role, question))].append(trace)
    return [
        [
            _Candidate(role, questions[name], _answer(same[0], role, questions[name]), tuple(same), rulings.on(same))
            for same in answers.values()
        ]
        for name, answers in sorted(asked.items())
    ]


def _answer(trace: Trace, role: Role[Any, Any], question: Variables) -> StructuredAnswer | None:
    if trace.error is not None or trace.structured is None:
        return None
    return role.kept(question, trace.structured)


def _settle(candidates: Sequence[_Candidate], selection: TraceSelection, found: TraceExamples) -> _Candidate | None:
    """Keep the best answer to one question, which is returned; count the others by why they were left out."""
    kept: list[_Candidate] = []
    for candidate in candidates:
        reason = _drop_reason(candidate, selection)
        if reason is None:
            kept.append(candidate)
        else:
            found.dropped[reason] += 1
    if not kept:
        return None
    best, *others = sorted(kept, key=lambda candidate: candidate.rank)
    found.dropped[DropReason.SUPERSEDED] += len(others)
    found.examples.append(_example(best, candidates))
    return best


def _drop_reason(candidate: _Candidate, selection: TraceSelection) -> DropReason | None:
    """Why the answer is not to be learned; None if it may be."""
    verdict = candidate.ruling.verdict if candidate.ruling else None
    if verdict is Verdict.REJECTED:
        return DropReason.REJECTED
    if verdict is Verdict.OUTDONE:
        return DropReason.SUPERSEDED
    if candidate.target is None:
        return DropReason.NO_ANSWER
    vouched_for = verdict in (Verdict.EDITED, Verdict.ACCEPTED) and candidate.role is WRITER
    if (selection.checked or not vouched_for) and candidate.faulty:
        return DropReason.FAILED_CHECKS
    unconfirmed = candidate.role is RESEARCHER and not candidate.is_teacher and verdict is None
    unwanted = selection.verdicts is not None and verdict not in selection.verdicts
    return DropReason.NOT_REVIEWED if unconfirmed or unwanted else None


def _example(best: _Candidate, candidates: Sequence[_Candidate]) -> Example:
    return Example(
        role=best.role.name,
        variables=best.question.model_dump(mode="json"),
        answer=best.target,
        company=best.question.told_company,
        source=best.source,
        lineage=best.lineage,
        rejected=_rejected(best, candidates),
    )


def _rejected(best: _Candidate, candidates: Sequence[_Candidate]) -> StructuredAnswer | None:
    """What a reviewer put the answer above: the text before their edit, the lesser of two, or one they rejected."""
    if best.ruling is None or best.role is not WRITER:
        return None
    if best.ruling.preferred_over is not None:
        return best.ruling.preferred_over
    refused = [one for one in candidates if one.ruling and one.ruling.verdict is Verdict.REJECTED and one.answer]
    return min(refused, key=lambda one: one.rank).answer if refused else None


def _sources(candidate: _Candidate | None) -> set[str]:
    """The calls that an email was written from: those that chose its facts among them."""
    return {source for trace in (candidate.traces if candidate else ()) for source in trace.sources}


def _by_its_email(candidate: _Candidate, emails: Mapping[str, list[Example]], refused: set[str]) -> _Candidate:
    """The researcher's answer, judged by what was written from it, unless it was reviewed itself."""
    own = [trace.id for trace in candidate.traces]
    if candidate.ruling is not None or candidate.answer is None:
        return candidate
    if not refused.isdisjoint(own):
        return replace(candidate, ruling=Ruling(Verdict.REJECTED))
    lines = [line for call in own for email in emails.get(call, ()) for line in email.lineage]
    if not lines:
        return candidate
    said = tuple(dict.fromkeys(line for line in lines if line.startswith("review:")))
    verdict = Verdict.ACCEPTED if said else Verdict.CHECKED
    return replace(candidate, ruling=Ruling(verdict, candidate.answer, lineage=said))

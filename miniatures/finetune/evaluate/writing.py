"""Measures a writer by the write graph itself: one greedy email for each case, then all that it does where that failed.

Sampling further only where the first sample failed finds what sampling everywhere would: a case passes if any of its
samples passes, and the first is one of them. Both phases run the same graph over the same ledger, the second with more
samples and rewrites, so that the first email is recalled and costs are told apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from miniatures.agents.roles.writer import WRITER
from miniatures.agents.state import Written
from miniatures.agents.write import best_draft, build_write_graph
from miniatures.backends.errors import ContextOverflow
from miniatures.datamodel.campaign import WritingSettings
from miniatures.datamodel.check import CheckName, Outcome
from miniatures.datamodel.draft import Draft
from miniatures.datamodel.evaluation import WriterOutcome
from miniatures.datamodel.miniature import Score
from miniatures.datamodel.seat import Seat
from miniatures.datamodel.trace import Trace
from miniatures.finetune.evaluate.asking import Asker
from miniatures.finetune.evaluate.cases import WriterQuestion
from miniatures.measure.statistics import score_of

ROLE = WRITER.name
UNSUPPORTED = "unsupported_claims"


@dataclass
class Writing:
    """What was written, and the answers of both phases for their costs."""

    outcomes: list[WriterOutcome] = field(default_factory=list)
    first: list[Trace] = field(default_factory=list)
    further: list[Trace] = field(default_factory=list)


@dataclass(frozen=True)
class _Asked:
    """A graph's draft and every batch of samples behind it."""

    draft: Draft
    batches: tuple[Written, ...]

    @property
    def traces(self) -> list[str]:
        return [trace for batch in self.batches for trace in batch.traces if trace is not None]


async def measure_writer(asker: Asker, questions: Sequence[WriterQuestion], *, best_of: int, rewrites: int) -> Writing:
    """Ask for every email once; then for more where the checks failed.

    Raises:
        BackendError: the backend could not be asked.
    """
    firsts = await _written(asker, questions, WritingSettings(samples=1, rewrites=0))
    failed = [question for question, one in zip(questions, firsts, strict=True) if one.draft.failed_checks]
    more = await _written(asker, failed, WritingSettings(samples=best_of, rewrites=rewrites))
    bests = {question.id: one for question, one in zip(failed, more, strict=True)}
    first = {trace.id: trace for trace in asker.traces(trace for one in firsts for trace in one.traces)}
    further = asker.traces(trace for one in more for trace in one.traces if trace not in first)
    outcomes = [
        _outcome(question, one, bests.get(question.id, one), first)
        for question, one in zip(questions, firsts, strict=True)
    ]
    return Writing(outcomes, list(first.values()), further)


async def _written(asker: Asker, questions: Sequence[WriterQuestion], settings: WritingSettings) -> list[_Asked]:
    graph: Any = build_write_graph().compile()

    async def write(question: WriterQuestion) -> _Asked:
        context = asker.context(ROLE, question.variables.brief, settings)
        given = {"prospect": question.variables.prospect, "dossier": question.dossier}
        try:
            state = await graph.ainvoke(given, context=context, output_keys=["draft", "attempts"])
        except ContextOverflow as error:
            unread = Written(
                seat=Seat.FIRST, attempt=1, backend=str(asker.backend.identity), emails=(None,), errors=(error.message,)
            )
            draft = best_draft(unread, question.variables.case)
            assert draft is not None
            return _Asked(draft, ())
        return _Asked(state["draft"], state["attempts"])

    return await asker.ask_all(questions, write)


def _outcome(question: WriterQuestion, first: _Asked, best: _Asked, traces: dict[str, Trace]) -> WriterOutcome:
    trace = traces.get(first.draft.trace or "")
    samples = sum(len(batch.emails) for batch in best.batches)
    return WriterOutcome(
        case=question.id,
        first=first.draft,
        best=best.draft,
        samples=max(samples, 1),
        raw=trace.output if trace is not None and not readable(first.draft) else "",
    )


def outcome_of(draft: Draft, check: CheckName) -> Outcome:
    """What one check said of a draft."""
    return next((result.outcome for result in draft.checks if result.name is check), Outcome.NOT_RUN)


def readable(draft: Draft) -> bool:
    """Whether there is an email at all."""
    return outcome_of(draft, CheckName.SCHEMA) is Outcome.PASS


def best_measure(best_of: int, rewrites: int) -> str:
    """The name of the score after all samples and rewrites."""
    return f"{WRITER.measure}_best_of_{best_of}" + (f"_rewrites_{rewrites}" if rewrites else "")


def writer_scores(outcomes: Sequence[WriterOutcome], best_of: int, rewrites: int) -> dict[str, Score]:
    """Shares of the cases asked for; only unsupported claims are a share of the drafts that can be read.

    A check that could not run, for want of a readable email, is not passed. `unsupported_claims` counts what is wrong,
    all other scores what is right.
    """
    firsts = [outcome.first for outcome in outcomes]
    scores = {
        WRITER.measure: score_of([not draft.failed_checks for draft in firsts]),
        best_measure(best_of, rewrites): score_of([not outcome.best.failed_checks for outcome in outcomes]),
        UNSUPPORTED: score_of(
            [outcome_of(draft, CheckName.UNSUPPORTED) is Outcome.FAIL for draft in firsts if readable(draft)]
        ),
    }
    for check in CheckName:
        scores[f"check_{check.value}"] = score_of([outcome_of(draft, check) is Outcome.PASS for draft in firsts])
    return scores

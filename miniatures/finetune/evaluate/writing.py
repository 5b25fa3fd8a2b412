"""Measures a writer: one greedy email for each case, then more samples and rewrites where that one failed.

Sampling further only where the first sample failed finds what sampling everywhere would: a case passes if any of its
samples passes, and the first is one of them. The procedure is the write graph's own, from the prompt's variables to the
choice of the best email and the reasons that a rewrite is given.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from miniatures.agents.attempt import answer_bound, sampling
from miniatures.agents.state import Written
from miniatures.agents.write import best_draft, reasons_of
from miniatures.datamodel.check import CheckName, Outcome
from miniatures.datamodel.draft import Draft, EmailText
from miniatures.datamodel.evaluation import WriterOutcome
from miniatures.datamodel.miniature import ALL_CHECKS, Score
from miniatures.finetune.evaluate.answers import Asker, KeptAnswer
from miniatures.finetune.evaluate.cases import WriterQuestion
from miniatures.measure.statistics import score_of

ROLE = "writer"
UNSUPPORTED = "unsupported_claims"


@dataclass
class Writing:
    """What was written, and the answers of both phases for their costs."""

    outcomes: list[WriterOutcome] = field(default_factory=list)
    first: list[KeptAnswer] = field(default_factory=list)
    further: list[KeptAnswer] = field(default_factory=list)


async def measure_writer(asker: Asker, questions: Sequence[WriterQuestion], *, best_of: int, rewrites: int) -> Writing:
    """Ask for every email once, all at the same time; then for more where the checks failed.

    Raises:
        BackendError: the backend could not be asked.
    """
    writing = Writing()
    firsts = await asyncio.gather(*(_sample(asker, question, question.variables, 1, [0]) for question in questions))
    writing.first = [answer for answers in firsts for answer in answers]
    outcomes = [_first_outcome(asker, *pair) for pair in zip(questions, writing.first, strict=True)]
    tries = [
        _try_further(asker, question, outcome, answer, writing, best_of=best_of, rewrites=rewrites)
        for question, outcome, answer in zip(questions, outcomes, writing.first, strict=True)
    ]
    writing.outcomes = list(await asyncio.gather(*tries))
    return writing


async def _sample(
    asker: Asker, question: WriterQuestion, variables: dict[str, object], attempt: int, samples: Sequence[int]
) -> list[KeptAnswer]:
    bound: dict[str, Any] = answer_bound(variables, asker.model)
    asks = [
        asker.ask(ROLE, variables, EmailText, attempt=attempt, **bound, **sampling(attempt, sample))
        for sample in samples
    ]
    return await asyncio.gather(*asks)


def _first_outcome(asker: Asker, question: WriterQuestion, answer: KeptAnswer) -> WriterOutcome:
    draft = _best(asker, question, [answer])
    raw = answer.text if answer.value is None else ""
    return WriterOutcome(case=question.id, first=draft, best=draft, samples=1, raw=raw)


async def _try_further(
    asker: Asker,
    question: WriterQuestion,
    outcome: WriterOutcome,
    first: KeptAnswer,
    writing: Writing,
    *,
    best_of: int,
    rewrites: int,
) -> WriterOutcome:
    """The remaining samples of the first attempt, then the rewrites, until an email passes every check."""
    best, samples = outcome.first, outcome.samples
    for attempt in range(1, 2 + rewrites):
        wanted = range(1, best_of) if attempt == 1 else range(best_of)
        if not best.failed_checks or not wanted:
            continue
        answers = await _sample(asker, question, _variables(question, best, attempt), attempt, wanted)
        writing.further.extend(answers)
        samples += len(answers)
        found = _best(asker, question, [first, *answers] if attempt == 1 else answers)
        if len(found.failed_checks) < len(best.failed_checks):
            best = found
    return outcome.model_copy(update={"best": best, "samples": samples})


def _variables(question: WriterQuestion, best: Draft, attempt: int) -> dict[str, object]:
    """The prompt's variables; a rewrite is told what the best email so far was refused for."""
    if attempt == 1:
        return question.variables
    previous = {"subject": best.subject, "body": best.body} if best.body else None
    return {**question.variables, "reasons": list(reasons_of(best)), "previous": previous}


def _best(asker: Asker, question: WriterQuestion, answers: Sequence[KeptAnswer]) -> Draft:
    emails = tuple(None if one.value is None else EmailText.model_validate(one.value) for one in answers)
    errors = tuple(answer.error for answer in answers)
    written = Written(role=ROLE, backend=str(asker.identity), emails=emails, errors=errors)
    return best_draft(written, question.checked_against)


def outcome_of(draft: Draft, check: CheckName) -> Outcome:
    """What one check said of a draft."""
    return next((result.outcome for result in draft.checks if result.name is check), Outcome.NOT_RUN)


def readable(draft: Draft) -> bool:
    """Whether there is an email at all."""
    return outcome_of(draft, CheckName.SCHEMA) is Outcome.PASS


def best_measure(best_of: int, rewrites: int) -> str:
    """The name of the score after all samples and rewrites."""
    return f"{ALL_CHECKS}_best_of_{best_of}" + (f"_rewrites_{rewrites}" if rewrites else "")


def writer_scores(outcomes: Sequence[WriterOutcome], best_of: int, rewrites: int) -> dict[str, Score]:
    """Shares of the cases asked for; only unsupported claims are a share of the drafts that can be read.

    A check that could not run, for want of a readable email, is not passed. `unsupported_claims` counts what is wrong,
    all other scores what is right.
    """
    firsts = [outcome.first for outcome in outcomes]
    scores = {
        ALL_CHECKS: score_of([not draft.failed_checks for draft in firsts]),
        best_measure(best_of, rewrites): score_of([not outcome.best.failed_checks for outcome in outcomes]),
        UNSUPPORTED: score_of(
            [outcome_of(draft, CheckName.UNSUPPORTED) is Outcome.FAIL for draft in firsts if readable(draft)]
        ),
    }
    for check in CheckName:
        scores[f"check_{check.value}"] = score_of([outcome_of(draft, check) is Outcome.PASS for draft in firsts])
    return scores

"""Measures a researcher against the labels of its sentences, beside BM25 alone, which is the baseline to beat."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel

from miniatures.agents import researcher
from miniatures.agents.researcher import replies_about, selection_of
from miniatures.datamodel.backend import Profile
from miniatures.datamodel.evaluation import ResearchCase, ResearchOutcome
from miniatures.datamodel.miniature import Score
from miniatures.finetune.evaluate.answers import Asker, KeptAnswer
from miniatures.finetune.evaluate.cases import ResearchQuestion, bm25_choice
from miniatures.measure.statistics import score_of, wilson

ROLE = researcher.ROLE
PRECISION, MUST_FOUND, NONE_RIGHT = "researcher_precision", "researcher_must_found", "researcher_none_right"


async def measure_researcher(
    asker: Asker, questions: Sequence[ResearchQuestion]
) -> tuple[list[ResearchOutcome], list[KeptAnswer]]:
    """One greedy choice for each question, all at the same time; no second try, and no BM25 in its place.

    Raises:
        BackendError: the backend could not be asked.
    """
    replies = await asyncio.gather(*(_ask(asker, question) for question in questions))
    outcomes = [_outcome(asker.profile, *pair) for pair in zip(questions, replies, strict=True)]
    return outcomes, [reply for sentences in replies for several in sentences for reply in several]


def bm25_outcomes(questions: Sequence[ResearchQuestion], facts: int | None = None) -> list[ResearchOutcome]:
    """What BM25 alone takes: as many sentences as each question allows, or at most `facts`."""
    return [
        ResearchOutcome(case=one.case.id, chosen=bm25_choice(one, one.facts if facts is None else facts))
        for one in questions
    ]


async def _ask(asker: Asker, case: ResearchQuestion) -> list[list[KeptAnswer]]:
    async def ask_one(question: dict[str, Any], form: type[BaseModel], *, again: bool, **options: Any) -> KeptAnswer:
        return await asker.ask(ROLE, question, form, **options)

    return await replies_about(asker.profile, case.variables, ask_one)


def _outcome(profile: Profile, question: ResearchQuestion, replies: Sequence[Sequence[KeptAnswer]]) -> ResearchOutcome:
    """The numbers that exist, each once and no more than are wanted; unread if all that were named do not exist."""
    selection = selection_of(profile, replies, question.variables)
    if selection is None:
        error = next((reply.error for several in replies for reply in several if reply.error), "")
        return ResearchOutcome(case=question.case.id, chosen=None, error=error)
    named = [choice.number for choice in selection.choices]
    real = [number for number in dict.fromkeys(named) if 1 <= number <= len(question.case.sentences)]
    if named and not real:
        return ResearchOutcome(case=question.case.id, chosen=None, error=f"no sentence has the number {named[0]}")
    return ResearchOutcome(case=question.case.id, chosen=tuple(real[: question.facts]))


def must_found(case: ResearchCase, outcome: ResearchOutcome) -> bool | None:
    """Whether a must-sentence was chosen; None where there is none."""
    return bool(set(outcome.chosen or ()) & set(case.must)) if case.must else None


def none_right(case: ResearchCase, outcome: ResearchOutcome) -> bool | None:
    """Whether nothing was chosen where nothing is right; None where something is."""
    return None if case.must or case.may else outcome.chosen == ()


def researcher_scores(cases: Sequence[ResearchCase], outcomes: Sequence[ResearchOutcome]) -> dict[str, Score]:
    """Precision over all chosen sentences (must or may is right), and the shares of questions answered rightly.

    An answer that could not be read chose nothing, and is no right "none" either. The interval of the precision takes
    the sentences as independent.
    """
    pairs = list(zip(cases, outcomes, strict=True))
    chosen = [number in (*case.must, *case.may) for case, outcome in pairs for number in outcome.chosen or ()]
    found = [right for case, outcome in pairs if (right := must_found(case, outcome)) is not None]
    none = [right for case, outcome in pairs if (right := none_right(case, outcome)) is not None]
    return {PRECISION: wilson(sum(chosen), len(chosen)), MUST_FOUND: score_of(found), NONE_RIGHT: score_of(none)}

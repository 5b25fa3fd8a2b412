"""Measures a researcher against the labels of its sentences, beside BM25 alone, which is the baseline to beat."""

from __future__ import annotations

from collections.abc import Sequence

from miniatures.agents.research_answer import ResearchAnswer, ask_researcher
from miniatures.agents.roles.researcher import RESEARCHER
from miniatures.backends.errors import ContextOverflow
from miniatures.datamodel.evaluation import ResearchCase, ResearchOutcome
from miniatures.datamodel.frozen import Frozen
from miniatures.datamodel.miniature import Score
from miniatures.datamodel.trace import Trace
from miniatures.finetune.evaluate.asking import Asker
from miniatures.finetune.evaluate.cases import ResearchQuestion, bm25_choice
from miniatures.measure.statistics import score_of, wilson

ROLE = RESEARCHER.name
PRECISION, MUST_FOUND, NONE_RIGHT = "researcher_precision", "researcher_must_found", "researcher_none_right"


class _Chosen(Frozen):
    """What was found for one case, and the calls behind it."""

    outcome: ResearchOutcome
    traces: tuple[str, ...] = ()


async def measure_researcher(
    asker: Asker, questions: Sequence[ResearchQuestion]
) -> tuple[list[ResearchOutcome], list[Trace]]:
    """One greedy choice for each question; no second try, and no BM25 in its place.

    Raises:
        BackendError: the backend could not be asked.
    """

    async def ask(question: ResearchQuestion) -> _Chosen:
        try:
            answer = await ask_researcher(asker.backend, asker.prompts, question.variables, node="evaluate")
        except ContextOverflow as error:
            return _Chosen(outcome=ResearchOutcome(case=question.id, chosen=None, error=error.message))
        return _Chosen(outcome=_outcome(question, answer), traces=answer.traces)

    async def ask_once(question: ResearchQuestion) -> _Chosen:
        return await asker.remembered(ROLE, question, question.variables, _Chosen, lambda: ask(question))

    found = await asker.ask_all(questions, ask_once)
    return [one.outcome for one in found], asker.traces(trace for one in found for trace in one.traces)


def bm25_outcomes(questions: Sequence[ResearchQuestion], facts: int | None = None) -> list[ResearchOutcome]:
    """What BM25 alone takes: as many sentences as each question allows, or at most `facts`."""
    return [
        ResearchOutcome(case=one.id, chosen=bm25_choice(one, one.variables.facts if facts is None else facts))
        for one in questions
    ]


def _outcome(question: ResearchQuestion, answer: ResearchAnswer) -> ResearchOutcome:
    """The numbers that exist, each once and no more than are wanted; unread if all that were named do not exist."""
    if answer.selection is None:
        return ResearchOutcome(case=question.id, chosen=None, error=answer.error or "")
    named = [choice.number for choice in answer.selection.choices]
    real = [number for number in dict.fromkeys(named) if 1 <= number <= len(question.case.sentences)]
    if named and not real:
        return ResearchOutcome(case=question.id, chosen=None, error=f"no sentence has the number {named[0]}")
    return ResearchOutcome(case=question.id, chosen=tuple(real[: question.variables.facts]))


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

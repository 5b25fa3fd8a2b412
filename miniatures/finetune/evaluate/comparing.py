"""Backends beside one another on the same cases: paired differences, each backend from its own side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from miniatures.agents.roles.researcher import RESEARCHER
from miniatures.agents.roles.writer import WRITER
from miniatures.datamodel.check import CheckName, Outcome
from miniatures.datamodel.evaluation import BackendEvaluation, ResearchCase
from miniatures.datamodel.miniature import Comparison
from miniatures.finetune.evaluate.researching import MUST_FOUND, NONE_RIGHT, must_found, none_right
from miniatures.finetune.evaluate.writing import outcome_of, readable
from miniatures.measure.statistics import Paired

NO_UNSUPPORTED, SWAP = "no_unsupported_claims", "check_swap"


class Cases:
    """What all backends were asked, and how. `writer` gives the company of each email's case."""

    def __init__(
        self,
        writer: Mapping[str, str],
        research: Sequence[ResearchCase],
        *,
        dataset: str,
        best: str,
        seed: int,
    ) -> None:
        self.research = {case.id: case for case in research}
        self.company = {**writer, **{case.id: case.company for case in research}}
        self.dataset, self.best, self.seed = dataset, best, seed


def compared(evaluations: Sequence[BackendEvaluation], cases: Cases) -> list[BackendEvaluation]:
    """Each evaluation with its comparisons against all others, measure by measure."""
    found = [outcomes_by_measure(evaluation, cases) for evaluation in evaluations]
    return [
        one.model_copy(
            update={
                "comparisons": tuple(
                    comparison
                    for place, other in enumerate(evaluations)
                    if other is not one
                    for comparison in _against(found[index], found[place], other.name, cases)
                )
            }
        )
        for index, one in enumerate(evaluations)
    ]


def outcomes_by_measure(evaluation: BackendEvaluation, cases: Cases) -> dict[str, dict[str, bool]]:
    """For each measure what came out, by case; true is always the good side.

    `researcher_right` is a question whose every chosen sentence is right, with nothing chosen only where nothing is.
    """
    first = {outcome.case: outcome.first for outcome in evaluation.writer}
    found = {
        WRITER.measure: {case: not draft.failed_checks for case, draft in first.items()},
        cases.best: {outcome.case: not outcome.best.failed_checks for outcome in evaluation.writer},
        NO_UNSUPPORTED: {
            case: readable(draft) and outcome_of(draft, CheckName.UNSUPPORTED) is Outcome.PASS
            for case, draft in first.items()
        },
        SWAP: {case: outcome_of(draft, CheckName.SWAP) is Outcome.PASS for case, draft in first.items()},
    }
    choices = [(cases.research[outcome.case], outcome) for outcome in evaluation.researcher]
    found[MUST_FOUND] = {c.id: right for c, o in choices if (right := must_found(c, o)) is not None}
    found[NONE_RIGHT] = {c.id: right for c, o in choices if (right := none_right(c, o)) is not None}
    found[RESEARCHER.measure] = {case.id: case.is_right(outcome.chosen) for case, outcome in choices}
    return found


def _against(
    ours: dict[str, dict[str, bool]], theirs: dict[str, dict[str, bool]], name: str, cases: Cases
) -> list[Comparison]:
    paired = [
        Paired(outcomes, theirs[measure], cases.company).comparison(
            against=name, dataset=cases.dataset, measure=measure, seed=cases.seed
        )
        for measure, outcomes in ours.items()
    ]
    return [comparison for comparison in paired if comparison is not None]

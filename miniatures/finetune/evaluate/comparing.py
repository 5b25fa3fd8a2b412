"""Backends beside one another on the same cases: paired differences, each backend from its own side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from miniatures.agents.roles.researcher import RESEARCHER
from miniatures.agents.roles.writer import WRITER
from miniatures.datamodel.check import CheckName, Outcome
from miniatures.datamodel.evaluation import BackendEvaluation, ResearchCase
from miniatures.datamodel.miniature import Comparison
from miniatures.finetune.evaluate.researching import MUST_FOUND, NONE_RIGHT, must_found, none_right
from miniatures.finetune.evaluate.writing import outcome_of, readable
from miniatures.measure.statistics import Paired

NO_UNSUPPORTED, SWAP = "no_unsupported_claims", "check_swap"


@dataclass(frozen=True)
class Cases:
    """What all backends were asked, and how: the company of each case, and each choice, by their ids."""

    company: Mapping[str, str]
    research: Mapping[str, ResearchCase]
    dataset: str
    best: str
    seed: int


def compared(evaluations: Sequence[BackendEvaluation], cases: Cases) -> list[BackendEvaluation]:
    """Each evaluation with its comparisons against all others, measure by measure."""
    found = {one.name: outcomes_by_measure(one, cases) for one in evaluations}

    def against_others(name: str) -> tuple[Comparison, ...]:
        others = (other for other in found if other != name)
        return tuple(one for other in others for one in _against(found[name], found[other], other, cases))

    return [one.model_copy(update={"comparisons": against_others(one.name)}) for one in evaluations]


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

"""Judges a version beside the live one, measure by measure: not worse, worse, or not yet known."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from miniatures.datamodel.gate import GateDecision, GateOutcome, GateSettings, MeasureDecision
from miniatures.datamodel.miniature import Comparison
from miniatures.measure.non_inferiority import cases_needed, holm, non_inferiority_p


def gate_decision(comparisons: Sequence[Comparison], deciding: Collection[str], settings: GateSettings) -> GateDecision:
    """What the comparisons say. Each kind of word is wrong with a chance of at most `alpha` over all measures together.

    `deciding` are the measures that have to be shown not worse. A comparison of an earlier version of this project
    did not count the pairs that differ, and shows nothing.
    """
    worse = holm([one.p_value if one.high < 0 else 1.0 for one in comparisons])
    not_worse = holm([_p_not_worse(one, settings) for one in comparisons])
    alpha = settings.alpha / max(1, len(comparisons))
    return GateDecision(
        settings=settings,
        missing=tuple(sorted(set(deciding) - {one.measure for one in comparisons})),
        measures=tuple(
            MeasureDecision(
                measure=one.measure,
                outcome=_outcome(p_worse, p_not_worse, settings),
                decides=one.measure in deciding,
                cases=one.cases,
                difference=one.difference,
                p_not_worse=None if one.gained is None else p_not_worse,
                p_worse=p_worse,
                cases_needed=_cases_needed(one, alpha, settings),
            )
            for one, p_worse, p_not_worse in zip(comparisons, worse, not_worse, strict=True)
        ),
    )


def _outcome(p_worse: float, p_not_worse: float, settings: GateSettings) -> GateOutcome:
    if p_not_worse < settings.alpha:  # Also where a loss within the margin is beyond chance.
        return GateOutcome.NOT_WORSE
    return GateOutcome.WORSE if p_worse < settings.alpha else GateOutcome.NOT_YET_KNOWN


def _p_not_worse(one: Comparison, settings: GateSettings) -> float:
    if one.gained is None or one.lost is None or one.cases < settings.least_cases:
        return 1.0
    gained, lost, cases = (count / one.design_effect for count in (one.gained, one.lost, one.cases))
    return non_inferiority_p(gained, lost, cases, settings.margin)


def _cases_needed(one: Comparison, alpha: float, settings: GateSettings) -> int | None:
    if one.gained is None or one.lost is None:
        return None
    differing = (one.gained + one.lost + 1) / (one.cases + 2)
    return max(settings.least_cases, round(one.design_effect * cases_needed(differing, alpha, settings.margin)))

"""The promotion gate as a whole: its three words, and how often it is wrong in simulated evaluations."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest

from miniatures.datamodel.gate import GateDecision, GateOutcome, GateSettings
from miniatures.datamodel.miniature import Comparison
from miniatures.measure.gate import gate_decision
from miniatures.measure.non_inferiority import design_effect
from miniatures.measure.statistics import Paired, mcnemar

SEVEN = ("all_checks", "best", "no_unsupported_claims", "check_swap", "must_found", "none_right", "researcher_right")
DECIDING = {"all_checks", "researcher_right"}
RUNS = 200


def compared(ours: list[bool], theirs: list[bool], measure: str = "all_checks", companies: int = 10_000) -> Comparison:
    cases = [f"case{place}" for place in range(len(ours))]
    company = {case: f"company{place % companies}" for place, case in enumerate(cases)}
    paired = Paired(dict(zip(cases, ours, strict=True)), dict(zip(cases, theirs, strict=True)), company)
    found = paired.comparison(against="live", dataset="d", measure=measure, seed=1)
    assert found is not None
    return found


def judged(*comparisons: Comparison, **settings: float) -> GateDecision:
    return gate_decision(comparisons, DECIDING & {one.measure for one in comparisons}, GateSettings(**settings))


def test_five_of_ten_against_ten_of_ten_is_not_called_not_worse():
    found = judged(compared([True] * 5 + [False] * 5, [True] * 10))
    assert found.outcome is GateOutcome.NOT_YET_KNOWN
    (one,) = found.measures
    assert one.cases_needed is not None and one.cases_needed >= 100


def test_the_three_words():
    live = [place % 10 != 0 for place in range(400)]
    same = [place % 10 != 1 for place in range(400)]
    worse = [place % 3 != 0 for place in range(400)]
    assert judged(compared(live, live)).outcome is GateOutcome.NOT_WORSE
    assert judged(compared(worse, live)).outcome is GateOutcome.WORSE
    assert judged(compared(same[:100], live[:100])).outcome is GateOutcome.NOT_YET_KNOWN
    assert judged(compared(live[:99], live[:99]), margin=0.2).outcome is GateOutcome.NOT_YET_KNOWN, "too few cases"
    assert judged(compared(live[:99], live[:99]), margin=0.2, least_cases=99).outcome is GateOutcome.NOT_WORSE


def test_one_company_shows_nothing():
    live = [True] * 400
    assert judged(compared(live, live, companies=1)).outcome is GateOutcome.NOT_YET_KNOWN
    assert judged(compared(live, live)).outcome is GateOutcome.NOT_WORSE


@pytest.mark.parametrize(
    "odd",
    [
        {"gained": 1_000_000, "lost": 100},
        {"gained": 0, "lost": 1_000_000},
        {"design_effect": math.inf},
        {"design_effect": math.nan},
        {"cases": 0},
        {"cases": -5},
        {"cases": 10**30, "gained": 0, "lost": 0},
        {"p_value": math.nan},
        {"high": math.nan},
    ],
    ids=str,
)
def test_a_comparison_that_cannot_be_is_no_comparison(odd):
    whole = compared([True] * 400, [True] * 400).model_dump()
    with pytest.raises(ValueError):
        Comparison.model_validate(whole | odd)


def test_nothing_measured_is_nothing_known():
    assert gate_decision([], DECIDING, GateSettings()).outcome is GateOutcome.NOT_YET_KNOWN
    assert gate_decision([], DECIDING, GateSettings()).missing == ("all_checks", "researcher_right")


def test_alike_cases_of_few_companies_show_less():
    live = [True] * 300 + [False] * 100
    ours = [place % 20 != 0 and passed for place, passed in enumerate(live)]
    won = [passed or place % 20 == 1 for place, passed in enumerate(ours)]
    apart, together = compared(won, live), compared(won, live, companies=20)
    assert together.design_effect > 5
    assert judged(apart, margin=0.06).measures[0].p_not_worse < judged(together, margin=0.06).measures[0].p_not_worse


@pytest.mark.parametrize("seed", [1, 2])
def test_of_seven_equally_good_measures_one_is_called_worse_in_one_promotion_of_twenty(seed: int):
    wrong = np.mean([_simulated(seed, run, difference=0.0).outcome is GateOutcome.WORSE for run in range(RUNS)])
    assert wrong <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / RUNS)


def test_a_version_that_is_worse_by_the_margin_is_promoted_in_one_of_twenty():
    wrong = np.mean([_simulated(3, run, difference=-0.05).outcome is GateOutcome.NOT_WORSE for run in range(RUNS)])
    assert wrong <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / RUNS)


def _simulated(seed: int, run: int, difference: float) -> GateDecision:
    """Seven measures on 300 cases of 100 companies, whose cases share half of what makes an answer right."""
    random = np.random.default_rng([seed, run])
    return judged(*(_measure(random, name, difference) for name in SEVEN))


def _measure(random: np.random.Generator, name: str, difference: float) -> Comparison:
    """Answers of both sides by a threshold on a latent goodness: shared by company, and of each side its own.

    The interval is the one that the bootstrap comes to, without its ten thousand draws.
    """
    company = np.tile(random.normal(size=100), 3)
    ours, theirs = (
        math.sqrt(0.5) * (company + random.normal(size=300)) < NormalDist().inv_cdf(share)
        for share in (0.88 + difference, 0.88)
    )
    differences = [float(value) for value in ours.astype(float) - theirs]
    effect, mean = design_effect(differences, [place % 100 for place in range(300)]), float(np.mean(differences))
    half = 1.96 * math.sqrt(effect * float(np.var(differences)) / 300)
    return Comparison(
        against="live",
        dataset="d",
        measure=name,
        cases=300,
        difference=mean,
        low=mean - half,
        high=mean + half,
        p_value=mcnemar(list(ours), list(theirs)),
        gained=differences.count(1.0),
        lost=differences.count(-1.0),
        design_effect=effect,
    )

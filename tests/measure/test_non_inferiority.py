"""The paired non-inferiority test against published figures, and by how often it is wrong in simulated evaluations."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from miniatures.measure.non_inferiority import (
    cases_needed,
    design_effect,
    design_effect_of_counts,
    holm,
    non_inferiority_p,
)


def test_the_p_value_of_tangos_own_example():
    """Tango (1998), soft contact lenses: 44 pairs, 43 and 1 agree and differ; margin 10 points, Z = 1.709."""
    assert non_inferiority_p(0, 1, 44, 0.1) == pytest.approx(0.0437, abs=0.0005)


def test_ten_equal_answers_show_nothing_and_four_hundred_do():
    assert non_inferiority_p(0, 0, 10, 0.05) > 0.2
    assert non_inferiority_p(0, 5, 10, 0.05) > 0.9
    assert non_inferiority_p(10, 10, 400, 0.05) < 0.001
    assert non_inferiority_p(0, 0, 0, 0.05) == 1.0


@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 300), st.floats(0.001, 0.5))
def test_more_lost_cases_never_make_it_surer(gained: int, lost: int, same: int, margin: float):
    cases = gained + lost + same + 1
    p_value = non_inferiority_p(gained, lost, cases, margin)
    assert 0 <= p_value <= 1
    assert non_inferiority_p(gained, lost + 1, cases, margin) >= p_value - 1e-9


def test_cases_of_one_company_count_less():
    alike = [1.0] * 10 + [0.0] * 10 + [-1.0] * 10
    assert design_effect(alike, list(range(30))) == pytest.approx(1.0)
    assert design_effect(sorted(alike * 10), [place // 10 for place in range(300)]) == pytest.approx(11.1, abs=0.1)


def test_what_few_companies_tell_is_uncertain_and_what_none_tells_is_the_worst():
    alike = [1.0] * 10 + [0.0] * 10 + [-1.0] * 10
    assert design_effect(alike, [place // 10 for place in range(30)]) == 30, "as if each were one case or less"
    assert design_effect([0.0] * 30, [place // 10 for place in range(30)]) == 10
    assert design_effect(alike, ["one"] * 30) == 30


@given(st.lists(st.integers(1, 6).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))), min_size=1))
def test_counted_by_cluster_the_effect_is_the_same(clusters: list[tuple[int, int]]):
    cases = [(place, case < ones) for place, (ones, of) in enumerate(clusters) for case in range(of)]
    whole = design_effect([float(one) for _, one in cases], [place for place, _ in cases])
    did = {place: count for place, (count, _) in enumerate(clusters) if count}
    among = {place: of for place, (_, of) in enumerate(clusters)}
    assert design_effect_of_counts(did, among) == pytest.approx(whole)


@pytest.mark.parametrize(("companies", "each"), [(1, 100), (3, 40), (5, 20), (10, 10), (60, 7)])
@pytest.mark.parametrize("alike", [0.5, 1.0])
def test_few_companies_never_pass_a_version_at_the_margin(companies: int, each: int, alike: float):
    """Cases of a company end as its first with a chance of `alike`; the version loses 5 points, which is the margin."""
    random, wrong = np.random.default_rng(companies), 0
    clusters = [company for company in range(companies) for _ in range(each)]
    for _ in range(400):
        own, common = (random.choice([-1.0, 0.0, 1.0], p=[0.1, 0.85, 0.05], size=len(clusters)) for _ in "ab")
        shared = random.random(len(clusters)) < alike
        ends = [float(common[at // each * each] if shared[at] else own[at]) for at in range(len(clusters))]
        effect = design_effect(ends, clusters)
        gained, lost, cases = (count / effect for count in (ends.count(1), ends.count(-1), len(ends)))
        wrong += non_inferiority_p(gained, lost, cases, 0.05) < 0.05
    assert wrong / 400 <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 400)


def test_holm_of_a_worked_example():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([]) == []


@settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=9))
def test_holm_is_that_of_statsmodels(p_values: list[float]):
    from statsmodels.stats.multitest import multipletests

    assert holm(p_values) == pytest.approx(list(multipletests(p_values, method="holm")[1]))


def test_the_cases_that_are_said_to_be_needed_show_it_four_times_in_five():
    random = np.random.default_rng(5)
    cases = cases_needed(0.12, 0.05, 0.05)
    shown = [_p_of(random, cases, 0.0, 0.12) < 0.05 for _ in range(2_000)]
    assert np.mean(shown) == pytest.approx(0.8, abs=0.04)


@pytest.mark.parametrize("cases", [60, 150, 450])
@pytest.mark.parametrize("differing", [0.06, 0.2])
def test_a_version_at_the_margin_passes_for_not_worse_in_one_case_of_twenty(cases: int, differing: float):
    random = np.random.default_rng(cases)
    wrong = np.mean([_p_of(random, cases, -0.05, differing) < 0.05 for _ in range(4_000)])
    assert wrong <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 4_000)


def _p_of(random: np.random.Generator, cases: int, difference: float, differing: float) -> float:
    gained, lost, _ = random.multinomial(
        cases, [(differing + difference) / 2, (differing - difference) / 2, 1 - differing]
    )
    return non_inferiority_p(gained, lost, cases, 0.05)

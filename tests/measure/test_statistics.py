"""Intervals and tests against published values, and against what must hold for any counts."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from miniatures.measure.statistics import Paired, clustered_mean, mcnemar, wilson

COUNTS = st.integers(0, 500).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total)))


@pytest.mark.parametrize(
    ("passed", "total", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),  # Newcombe 1998, table I, method 3
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_gives_newcombes_published_intervals(passed, total, low, high):
    score = wilson(passed, total)
    assert (score.passed, score.total) == (passed, total)
    assert (score.low, score.high) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


@settings(deadline=None)
@given(COUNTS)
def test_an_interval_holds_its_share_and_mirrors(counts):
    passed, total = counts
    score, mirrored = wilson(passed, total), wilson(total - passed, total)
    assert 0 <= score.low <= score.high <= 1
    assert (score.low, score.high) == (pytest.approx(1 - mirrored.high), pytest.approx(1 - mirrored.low))
    if total:
        assert score.low <= passed / total <= score.high
        assert score.high - score.low < 1
        wider = score.high - score.low
        assert (more := wilson(4 * passed, 4 * total)).high - more.low < wider


def test_nothing_measured_is_no_share_and_says_nothing():
    score = wilson(0, 0)
    assert (score.share, score.low, score.high) == (None, 0, 1)
    for passed, total in ((3, 2), (-1, 2)):
        with pytest.raises(ValueError, match="is no share"):
            wilson(passed, total)


@settings(deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=60))
def test_mcnemar_is_the_binomial_test_of_the_cases_that_differ(pairs):
    first, second = [one for one, _ in pairs], [other for _, other in pairs]
    won, lost = pairs.count((True, False)), pairs.count((False, True))
    expected = binomtest(won, won + lost).pvalue if won + lost else 1.0
    assert mcnemar(first, second) == pytest.approx(expected)
    assert mcnemar(second, first) == pytest.approx(expected)


def test_mcnemar_of_a_worked_example():
    first, second = [True] * 15 + [False] * 5 + [True] * 30, [False] * 15 + [True] * 5 + [True] * 30
    assert mcnemar(first, second) == pytest.approx(0.04138946533203125)


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from([-1.0, 0.0, 1.0]), st.integers(0, 8)), min_size=1, max_size=60))
def test_a_bootstrap_interval_holds_its_mean_and_repeats_itself(values):
    numbers, clusters = [number for number, _ in values], [cluster for _, cluster in values]
    interval = clustered_mean(numbers, clusters, seed=1)
    assert interval.mean == pytest.approx(sum(numbers) / len(numbers))
    assert -1 <= interval.low <= interval.mean <= interval.high <= 1
    assert clustered_mean(numbers, clusters, seed=1) == interval


def test_cases_of_one_company_are_no_independent_evidence():
    numbers = [1.0] * 50 + [0.0] * 50
    alone = clustered_mean(numbers, list(range(100)), seed=1)
    together = clustered_mean(numbers, [place // 10 for place in range(100)], seed=1)
    assert alone.high - alone.low == pytest.approx(2 * 1.96 * 0.05, abs=0.01)
    assert together.high - together.low == pytest.approx(2 * 1.96 * 0.05 * 10**0.5, abs=0.06)
    assert clustered_mean(numbers, ["one company"] * 100, seed=1).low == 0.5


def test_a_mean_of_nothing_is_refused():
    with pytest.raises(ValueError, match="nothing to resample"):
        clustered_mean([], [], seed=1)


def test_a_comparison_is_over_the_cases_that_both_sides_have():
    ours = {f"c{place}": place >= 4 for place in range(20)} | {"only ours": False}
    theirs = {f"c{place}": place >= 12 for place in range(20)}
    paired = Paired(ours, theirs, {case: case for case in ours})
    found = paired.comparison(against="theirs", dataset="d", measure="m", seed=3)
    assert found is not None
    assert (found.cases, found.difference) == (20, pytest.approx(0.4))
    assert found.p_value == pytest.approx(2 * 0.5**8)
    assert 0 < found.low < 0.4 < found.high
    assert (found.gained, found.lost, found.design_effect) == (8, 0, pytest.approx(1.0))
    mirrored = Paired(theirs, ours, paired.company).comparison(against="ours", dataset="d", measure="m", seed=3)
    assert mirrored is not None and (mirrored.gained, mirrored.lost) == (0, 8)
    assert Paired({}, theirs, {}).comparison(against="t", dataset="d", measure="m", seed=3) is None

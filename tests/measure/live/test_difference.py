"""The score test and Newcombe's interval against published figures, other libraries and every possible outcome."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import xlogy
from scipy.stats import binom
from statsmodels.stats.proportion import score_test_proportions_2indep

from miniatures.measure.live.difference import FixedSample, TwoArms, score


@pytest.mark.parametrize(
    ("arms", "low", "high"),
    [
        (TwoArms(56.0, 70.0, 48.0, 80.0), 0.0524, 0.3339),
        (TwoArms(9.0, 10.0, 3.0, 10.0), 0.1705, 0.8090),
        (TwoArms(5.0, 56.0, 0.0, 29.0), -0.0381, 0.1926),
        (TwoArms(0.0, 10.0, 0.0, 20.0), -0.1611, 0.2775),
        (TwoArms(10.0, 10.0, 0.0, 10.0), 0.6075, 1.0),
    ],
)
def test_newcombes_own_examples(arms: TwoArms, low: float, high: float):
    """Newcombe (1998), Statistics in Medicine 17:873-890, table II, method 10, at 95 %."""
    assert FixedSample(0.025, 0.1).bounds(arms) == pytest.approx((low, high), abs=0.0001)


def test_it_agrees_with_spotify_confidence():
    """spotify-confidence 4.1.0: ZTest.difference of 118 beside 102 of 2,000, margin 20 % of 5.1 %: p = 0.005787; and
    one-sided at 5 %: above -0.003857. It takes the variance from the counts, not from the hypothesis.
    """
    arms = TwoArms(118.0, 2_000.0, 102.0, 2_000.0)
    assert FixedSample(0.05, 0.0102).p_no_worse(arms) == pytest.approx(0.005787, abs=0.0007)
    assert FixedSample(0.05, 0.0102).bounds(arms)[0] == pytest.approx(-0.003857, abs=0.0001)


def test_the_score_is_that_of_mees_interval():
    """Newcombe (1998), table II, method 5: 56 of 70 less 48 of 80 is between 0.0533 and 0.3377 at 95 %."""
    arms = TwoArms(56.0, 70.0, 48.0, 80.0)
    assert score(arms, 0.0533).z == pytest.approx(1.96, abs=0.002)
    assert score(arms, 0.3377).z == pytest.approx(-1.96, abs=0.002)


def test_of_no_difference_the_score_is_that_of_statsmodels():
    expected = score_test_proportions_2indep(30, 500, 41, 450, value=0, correction=False).statistic
    assert score(TwoArms(30.0, 500.0, 41.0, 450.0), 0.0).z == pytest.approx(expected)


SUPPOSED = st.floats(-0.5, 0.5).filter(lambda supposed: abs(supposed) > 0.001)


@given(st.integers(1, 300), st.integers(1, 300), st.floats(0, 1), st.floats(0, 1), SUPPOSED)
def test_the_variance_is_that_of_the_likeliest_shares(
    people: int, others: int, our_rate: float, their_rate: float, supposed: float
):
    ours, theirs = round(our_rate * people), round(their_rate * others)
    best = _likeliest(ours, people, theirs, others, supposed)
    variance = (best + supposed) * (1 - best - supposed) / people + best * (1 - best) / others
    found = score(TwoArms(float(ours), people, float(theirs), others), supposed)
    assert found.information == pytest.approx(1 / variance, rel=0.01)
    assert found.z == pytest.approx(
        (ours / people - theirs / others - supposed) / math.sqrt(variance), rel=0.01, abs=1e-3
    )


def _likeliest(ours: int, people: int, theirs: int, others: int, supposed: float) -> float:
    """The reference's share, by trying many."""
    shares = np.linspace(max(0.0, -supposed), min(1.0, 1 - supposed), 200_001)
    one = np.clip(shares + supposed, 0, 1)
    likelihood = (
        xlogy(ours, one) + xlogy(people - ours, 1 - one) + xlogy(theirs, shares) + xlogy(others - theirs, 1 - shares)
    )
    return float(shares[np.argmax(likelihood)])


def test_statsmodels_is_wrong():
    """Why the likelihood is maximised here; should this fail, statsmodels has been mended."""
    theirs = score_test_proportions_2indep(0, 50, 0, 500, value=-0.02, correction=False)
    assert theirs.prop1_null < 0
    assert theirs.statistic > 3.5
    assert score(TwoArms(0.0, 50.0, 0.0, 500.0), -0.02).z == pytest.approx(0.02 / math.sqrt(0.02 * 0.98 / 500))


def test_without_people_nothing_is_known():
    nobody = TwoArms(0.0, 0.0, 5.0, 100.0)
    method = FixedSample(0.05, 0.02)
    assert (method.p_no_worse(nobody), method.p_worse(nobody), method.bounds(nobody)) == (1, 1, (-1, 1))
    assert method.p_worse(TwoArms(0.0, 100.0, 0.0, 100.0)) == pytest.approx(0.5)


@pytest.mark.parametrize(("ours", "theirs"), [(500, 500), (2_000, 2_000), (500, 2_000), (2_000, 500), (200, 9_000)])
@pytest.mark.parametrize(("rate", "margin"), [(0.05, 0.02), (0.02, 0.01), (0.3, 0.02), (0.005, 0.0025)])
def test_a_false_word_has_the_stated_chance_over_every_outcome(ours: int, theirs: int, rate: float, margin: float):
    """Not simulated: the sum over all counts that there may be."""
    for true, method in ((rate - margin, "p_no_worse"), (rate, "p_worse")):
        our_counts, their_counts = (np.arange(binom.isf(1e-9, *of) + 1) for of in ((ours, true), (theirs, rate)))
        one, other = np.meshgrid(our_counts, their_counts, indexing="ij")
        arms = TwoArms(one, np.full_like(one, ours), other, np.full_like(other, theirs))
        chance = np.outer(binom.pmf(our_counts, ours, true), binom.pmf(their_counts, theirs, rate))
        wrong = getattr(FixedSample(0.05, margin), method)(arms) < 0.05
        assert chance[wrong].sum() <= 0.0515


@given(st.integers(0, 60), st.integers(0, 60), st.integers(61, 600), st.integers(61, 600), st.floats(0.001, 0.2))
def test_one_reply_more_never_takes_a_good_word_away(ours: int, theirs: int, people: int, others: int, margin: float):
    method = FixedSample(0.05, margin)
    before, after = (TwoArms(float(count), people, float(theirs), others) for count in (ours, ours + 1))
    assert (method.p_no_worse(after) < 0.05) or not (method.p_no_worse(before) < 0.05)
    assert (method.p_worse(before) < 0.05) or not (method.p_worse(after) < 0.05)

"""The always-valid sequence against ville, spotify-confidence, and campaigns of chance that are looked at every day."""

from __future__ import annotations

import numpy as np
import pytest
import ville
from hypothesis import given, settings
from hypothesis import strategies as st
from ville._boundaries import best_rho, normal_mixture

from miniatures.measure.live.difference import FixedSample, TwoArms, score
from miniatures.measure.live.sequence import AlwaysValid


@pytest.mark.parametrize("alpha", [0.01, 0.025, 0.05])
def test_the_boundary_is_villes_normal_mixture(alpha: float):
    method, information = AlwaysValid(alpha, 0.02), np.array([1e3, 1e4, 4e4, 1e6])
    expected = normal_mixture(information, alpha, method.precision, one_sided=True) / np.sqrt(information)
    assert method.z_needed(information) == pytest.approx(expected, rel=1e-6)


def test_it_is_sharpest_where_ville_would_have_it_and_an_equal_challenger_passes_four_times_in_five():
    method = AlwaysValid(0.05, 0.02)
    information = ((2.78 + 0.8416) / 0.02) ** 2
    best = normal_mixture(information, 0.05, best_rho(information, 0.05, one_sided=True), one_sided=True)
    assert method.z_needed(information) == pytest.approx(best / np.sqrt(information), rel=0.003)
    assert method.z_needed(information) == pytest.approx(2.78, abs=0.03)


def test_it_is_about_as_wide_as_villes_test_of_the_same_stream():
    """ville's interval is two-sided and of a stream, one person after the other; so at twice alpha, and about."""
    random = np.random.default_rng(3)
    treated = (np.arange(8_000) % 2).astype(float)
    replied = (random.random(8_000) < np.where(treated == 1, 0.055, 0.05)).astype(float)
    theirs = ville.AsymptoticABTest(alpha=0.1, t_opt=6_000).fit(replied, treated)
    for people in (2_000, 4_000, 8_000):
        one, other = (float(replied[:people][treated[:people] == arm].sum()) for arm in (1, 0))
        low, high = AlwaysValid(0.05, 0.02).bounds(TwoArms(one, people / 2, other, people / 2))
        assert high - low == pytest.approx(theirs.upper_[people - 1] - theirs.lower_[people - 1], rel=0.1)
        assert low == pytest.approx(theirs.lower_[people - 1], abs=0.004)


def test_it_is_less_sharp_than_a_test_whose_looks_are_planned():
    """spotify-confidence 4.1.0, ZTest with five planned looks, one-sided 5 %: 118 beside 102 of 2,000 is above
    -0.004904 at the last; at one look only, -0.003857.
    """
    low = AlwaysValid(0.05, 0.02).bounds(TwoArms(118.0, 2_000.0, 102.0, 2_000.0))[0]
    assert -0.004904 * 3 < low < -0.004904


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 40), st.integers(0, 40), st.integers(41, 900), st.integers(41, 900))
def test_the_bounds_and_the_words_say_the_same(ours: int, theirs: int, people: int, others: int):
    method, arms = AlwaysValid(0.05, 0.02), TwoArms(float(ours), people, float(theirs), others)
    low, high = method.bounds(arms)
    assert -1 <= low <= float(arms.difference) <= high <= 1
    assert (low > -0.02) == bool(method.p_no_worse(arms) < 0.05)
    assert (high < 0) == bool(method.p_worse(arms) < 0.05)


@given(st.integers(0, 40), st.integers(0, 40), st.integers(41, 900), st.integers(41, 900))
def test_it_is_never_surer_than_one_look(ours: int, theirs: int, people: int, others: int):
    arms = TwoArms(float(ours), people, float(theirs), others)
    sure = AlwaysValid(0.05, 0.02).p_no_worse(arms) < 0.05
    assert not sure or score(arms, -0.02).z > 2.7


def test_without_people_nothing_is_known():
    nobody = TwoArms(0.0, 0.0, 0.0, 0.0)
    method = AlwaysValid(0.05, 0.02)
    assert (method.p_no_worse(nobody), method.p_worse(nobody), method.bounds(nobody)) == (1, 1, (-1, 1))


def _arms(ours: float, theirs: float, our_people: int, their_people: int, campaigns: int = 4_000) -> TwoArms:
    random, days = np.random.default_rng(7), np.arange(1.0, 31)
    counts = (random.binomial(n, p, (campaigns, 30)) for n, p in ((our_people, ours), (their_people, theirs)))
    one, other = (count.cumsum(axis=1).astype(float) for count in counts)
    return TwoArms(
        one, np.broadcast_to(our_people * days, one.shape), other, np.broadcast_to(their_people * days, one.shape)
    )


@pytest.mark.slow
@pytest.mark.parametrize(("our_people", "their_people"), [(60, 60), (24, 96), (96, 24), (4, 4)])
@pytest.mark.parametrize(("rate", "margin", "busier"), [(0.05, 0.02, 1), (0.005, 0.0025, 8)])
def test_thirty_looks_are_wrong_no_more_often_than_stated(
    our_people: int, their_people: int, rate: float, margin: float, busier: int
):
    """And the test of a fixed sample, looked at as often, is."""
    people, method = (our_people * busier, their_people * busier), AlwaysValid(0.05, margin)
    at_margin, equal = _arms(rate - margin, rate, *people), _arms(rate, rate, *people)
    assert (method.p_no_worse(at_margin) < 0.05).any(axis=1).mean() < 0.03
    assert (method.p_worse(equal) < 0.05).any(axis=1).mean() < 0.03
    if our_people > 4:
        assert (FixedSample(0.05, margin).p_no_worse(at_margin) < 0.05).any(axis=1).mean() > 0.15

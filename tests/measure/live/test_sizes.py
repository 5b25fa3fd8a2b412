"""Sizes against published and recorded figures, and against campaigns of chance."""

from __future__ import annotations

import numpy as np
import pytest

from miniatures.datamodel.verdict import Look
from miniatures.measure.live.difference import FixedSample, TwoArms
from miniatures.measure.live.sequence import AlwaysValid
from miniatures.measure.live.sizes import Aim, Truth

ONCE = Aim(0.02, 0.05, 0.8, Look.ONCE)
DAILY = Aim(0.02, 0.05, 0.8, Look.DAILY)


@pytest.mark.parametrize(("other", "people"), [(0.06, 8_158), (0.07, 2_212), (0.10, 434)])
def test_people_that_show_a_loss_are_those_of_the_textbook(other: float, people: int):
    """5 % beside a higher rate, two-sided 5 %, 80 %: statsmodels' samplesize_proportions_2indep_onetail."""
    found = Aim(0.02, 0.025, 0.8, Look.ONCE).people_worse(Truth(0.05, other))
    assert found == pytest.approx(people, abs=1)


def test_people_that_show_no_loss():
    """Two points at 5 %: 1,865 by the variance of equal rates (2 * 0.05 * 0.95 * 7.849 / 0.02**2), one-sided 2.5 %. The
    test has the variance of rates that differ by the margin, so it takes a few more.
    """
    assert Aim(0.02, 0.025, 0.8, Look.ONCE).people_no_worse(Truth(0.05, 0.05)) == pytest.approx(1_865, rel=0.03)


def test_spotify_confidence_asks_for_as_many():
    """spotify-confidence 4.1.0: 8,390 in two arms for a margin of 20 % of 5.1 %, one-sided 10 %, 80 %."""
    assert Aim(0.0102, 0.1, 0.8, Look.ONCE).people_no_worse(Truth(0.051, 0.051)) == pytest.approx(4_195, rel=0.01)


def test_an_arm_that_loses_the_margin_is_never_shown_to_be_no_worse():
    assert ONCE.people_no_worse(Truth(0.03, 0.05)) is None
    assert ONCE.people_worse(Truth(0.05, 0.05)) is None


def test_daily_looks_take_about_twice_the_people():
    once, daily = (aim.people_no_worse(Truth(0.05, 0.05)) or 0 for aim in (ONCE, DAILY))
    assert 1.9 * once < daily < 2.3 * once


def test_an_arm_with_a_small_share_needs_fewer_people_and_the_other_many_more():
    equal = ONCE.people_no_worse(Truth(0.05, 0.05)) or 0
    fifth = ONCE.people_no_worse(Truth(0.05, 0.05, 0.25)) or 0
    assert 0.5 * equal < fifth < 0.75 * equal
    assert fifth / 0.25 > 2 * equal


@pytest.mark.parametrize("aim", [ONCE, DAILY])
def test_the_least_margin_and_the_least_loss_are_shown_with_the_power_asked_for(aim: Aim):
    margin = aim.least_margin(Truth(0.05, 0.05), 3_000)
    assert Aim(margin, 0.05, 0.8, aim.look).power_no_worse(Truth(0.05, 0.05), 3_000) == pytest.approx(0.8, abs=0.001)
    loss = aim.least_loss(0.05, 1.0, 3_000)
    assert loss is not None
    assert aim.power_worse(Truth(0.05 - loss, 0.05), 3_000) == pytest.approx(0.8, abs=0.001)


def test_a_short_list_shows_not_even_the_loss_of_everything():
    assert ONCE.least_loss(0.005, 1.0, 200) is None


@pytest.mark.parametrize("truth", [Truth(0.05, 0.05), Truth(0.059, 0.051), Truth(0.05, 0.05, 0.25)])
def test_the_power_is_what_campaigns_have(truth: Truth):
    random, people = np.random.default_rng(6), 1_500
    others = round(people / truth.ours_to_one)
    counts = random.binomial(people, truth.ours, 8_000), random.binomial(others, truth.theirs, 8_000)
    arms = TwoArms(counts[0].astype(float), people, counts[1].astype(float), others)
    once = (FixedSample(0.05, 0.02).p_no_worse(arms) < 0.05).mean()
    daily = (AlwaysValid(0.05, 0.02).p_no_worse(arms) < 0.05).mean()
    assert once == pytest.approx(ONCE.power_no_worse(truth, people), abs=0.025)
    assert daily == pytest.approx(DAILY.power_no_worse(truth, people), abs=0.025)

"""Arms that lack their share raise an alarm, one gateway alone does, and looking every day raises none."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from scipy.stats import binom

from miniatures.measure.live.sample_ratio import ALARM, ratio_alarms, sample_ratio_p

HALVES = {"teacher": 0.5, "miniature": 0.5}


@pytest.mark.parametrize(
    ("teacher", "share", "spotify"),
    [(5_210, 0.5, 2.669e-05), (8_050, 0.8, 0.2113), (812, 0.8, 0.3428), (812, 0.5, 0.0)],
)
def test_it_alarms_where_spotify_confidence_would(teacher: int, share: float, spotify: float):
    """spotify-confidence 4.1.0, sample_ratio_test (chi-square, one look); ours stays valid and so is never surer."""
    total = 1_000 if teacher < 1_000 else 10_000
    found = sample_ratio_p(
        {"teacher": teacher, "miniature": total - teacher}, {"teacher": share, "miniature": 1 - share}
    )
    assert (found < ALARM) == (spotify < ALARM)
    assert found >= spotify


@pytest.mark.parametrize("share", [0.5, 0.2])
def test_the_evidence_is_one_in_the_mean_if_the_shares_hold(share: float):
    """A martingale that starts at 1, summed over every outcome: Ville's inequality then gives its p value."""
    counts = np.arange(401)
    p_values = [sample_ratio_p({"a": int(one), "b": int(400 - one)}, {"a": share, "b": 1 - share}) for one in counts]
    chance = binom.pmf(counts, 400, share)
    below = [float(chance[np.array(p_values) <= level].sum()) for level in (0.5, 0.1, 0.05, 0.01)]
    assert all(found <= level for found, level in zip(below, (0.5, 0.1, 0.05, 0.01), strict=True))
    assert below[0] > 0


def test_a_fair_coin_looked_at_every_day_raises_no_alarm():
    random = np.random.default_rng(2)
    grown = random.binomial(100, 0.5, (500, 30)).cumsum(axis=1)
    alarms = [
        any(
            sample_ratio_p({"a": int(one), "b": int(100 * day - one)}, {"a": 0.5, "b": 0.5}) < 0.05 for day, one in days
        )
        for days in (list(enumerate(row, start=1)) for row in grown)
    ]
    assert np.mean(alarms) <= 0.05


def test_one_gateway_that_swallows_an_arm_is_named():
    fair, swallowed = {"teacher": 503, "miniature": 497}, {"teacher": 300, "miniature": 120}
    places = {"enrolled": {"teacher": 4_030, "miniature": 3_970}, "google": fair, "mimecast": swallowed}
    (alarm,) = ratio_alarms(places, HALVES)
    assert (alarm.where, alarm.companies) == ("mimecast", swallowed)
    assert alarm.p_value < 1e-6


def test_a_missing_arm_has_no_companies():
    (alarm,) = ratio_alarms({"enrolled": {"teacher": 60}}, HALVES)
    assert alarm.companies == {"teacher": 60, "miniature": 0}


def test_many_gateways_are_allowed_for():
    odd = {"teacher": 297, "miniature": 203}
    assert len(ratio_alarms({"one": odd}, HALVES)) == 1
    fair = {f"gateway {place}": {"teacher": 50, "miniature": 50} for place in range(200)}
    assert not ratio_alarms({"one": odd, **fair}, HALVES)


def test_nobody_and_three_arms():
    thirds = dict.fromkeys("abc", 1 / 3)
    assert sample_ratio_p(dict.fromkeys("abc", 0), thirds) == 1
    assert sample_ratio_p({"a": 520, "b": 480, "c": 460}, thirds) > 0.1
    assert sample_ratio_p({"a": 620, "b": 480, "c": 360}, thirds) < 1e-6
    assert all(0 < sample_ratio_p(dict(zip("abc", of, strict=True)), thirds) <= 1 for of in product(range(4), repeat=3))
    assert not math.isnan(sample_ratio_p({"a": 10**6, "b": 0, "c": 0}, thirds))

"""A harmful arm is stopped, a healthy one looked at every day is not, and the bound is ville's."""

from __future__ import annotations

import numpy as np
import pytest
import ville
from hypothesis import given
from hypothesis import strategies as st

from miniatures.datamodel.verdict import Guardrail, GuardrailLimits
from miniatures.measure.live.counts import ArmCounts
from miniatures.measure.live.guardrails import guardrail_hits, lower_bound


def arm(people: int, **did: int) -> ArmCounts:
    funnel = dict.fromkeys(("enrolled", "drafted", "sent", "companies"), people)
    delivered = people - did.get("bounced", 0)
    return ArmCounts(arm="miniature", delivered=delivered, companies_reached=delivered, **funnel, **did)


@pytest.mark.parametrize("limit", [0.003, 0.02, 0.05])
def test_the_bound_is_villes(limit: float):
    stream = (np.random.default_rng(1).random(3_000) < 2 * limit).astype(float)
    theirs = ville.BernoulliCS(alpha=0.05, prior=(1.0, 1 / limit - 1), intersect=False).fit(stream)
    ours = lower_bound(stream.cumsum(), np.arange(1.0, 3_001), limit, 0.05)
    assert ours == pytest.approx(theirs.lower_, abs=1e-9)


def test_a_rate_that_is_surely_above_its_limit_stops_the_arm():
    (hit,) = guardrail_hits([arm(1_000, complained=15)], GuardrailLimits(), 0.05)
    assert (hit.arm, hit.guardrail, hit.limit) == ("miniature", Guardrail.COMPLAINED, 0.003)
    assert hit.limit < hit.low < 0.015
    assert (hit.rate.count, hit.rate.base) == (15, 1_000)


def test_chance_does_not():
    assert not guardrail_hits([arm(100, complained=1, bounced=7)], GuardrailLimits(), 0.05)
    assert not guardrail_hits([arm(0)], GuardrailLimits(), 0.05)


def test_a_limit_may_be_left_out():
    limits = GuardrailLimits(complained=None)
    assert not guardrail_hits([arm(1_000, complained=500)], limits, 0.05)
    assert guardrail_hits([arm(1_000, bounced=200)], limits, 0.05)


def test_people_of_few_companies_stop_an_arm_later():
    alike = arm(1_000, complained=12).model_copy(update={"companies": 100, "companies_reached": 100})
    assert guardrail_hits([arm(1_000, complained=12)], GuardrailLimits(), 0.05)
    assert not guardrail_hits([alike], GuardrailLimits(), 0.05)


@pytest.mark.parametrize("limit", [0.003, 0.02, 0.05])
def test_an_arm_at_its_limit_is_stopped_on_any_day_no_more_often_than_stated(limit: float):
    grown = np.random.default_rng(5).binomial(50, limit, (4_000, 60)).cumsum(axis=1)
    stopped = (lower_bound(grown, np.arange(1.0, 61) * 50, limit, 0.05) > limit).any(axis=1)
    assert stopped.mean() < 0.05
    assert (grown[:, -1] > limit * 3_000).mean() > 0.4, "the rate itself is above the limit as often as not"


@given(st.integers(0, 50), st.integers(51, 5_000))
def test_the_bound_is_below_the_rate_and_rises_with_it(count: int, people: int):
    low, more = (float(lower_bound(one, people, 0.02, 0.05)) for one in (count, count + 1))
    assert 0 <= low <= count / people
    assert more >= low

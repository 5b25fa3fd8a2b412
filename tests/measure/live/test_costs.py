"""The bill over a count, with an interval, also where nothing was counted yet."""

from __future__ import annotations

import numpy as np
import pytest

from miniatures.measure.live.costs import cost_each, costs
from miniatures.measure.live.counts import ArmCounts, Tally


def arm(**changed: object) -> ArmCounts:
    funnel = dict.fromkeys(("enrolled", "drafted", "ready", "reviewed", "sent", "delivered", "companies"), 1_000)
    did = {"companies_reached": 1_000, "approved": 800, "edited": 300, "replied": 50, "positive": 5, "cost_usd": 20.0}
    return ArmCounts.model_validate({"arm": "teacher", **funnel, **did, **changed})


def test_as_drafted_and_as_sent_are_kept_apart():
    drafted, sendable, positive = costs(arm())
    assert drafted.value == pytest.approx(0.04)
    assert sendable.value == pytest.approx(0.025)
    assert positive.value == pytest.approx(4.0)
    assert positive.low == pytest.approx(1.716, abs=0.01)
    assert positive.high == pytest.approx(9.36, abs=0.05)


def test_words():
    assert [one.words for one in costs(arm())][1:] == [
        "sendable email: $0.0250 each (95 %: $0.0243 to $0.0258)",
        "positive reply: $4.00 each (95 %: $1.72 to $9.36)",
    ]
    assert costs(arm(positive=0))[2].words == "positive reply: none yet, so at least $5.23 each (95 %)"
    assert costs(arm(cost_usd=None))[2].words == "positive reply: cost unknown"
    assert cost_each("reply", 1.0, Tally("replied", 0, 0)).words == "reply: cost unknown"
    assert costs(arm(cost_usd=0.0))[2].words == "positive reply: $0.00 each (95 %: $0.00 to $0.00)"


def test_the_interval_holds_the_true_cost_nineteen_times_in_twenty():
    random, bill, rate, people = np.random.default_rng(4), 20.0, 0.01, 2_000
    found = [
        cost_each("reply", bill, Tally("replied", int(one), people)) for one in random.binomial(people, rate, 2_000)
    ]
    held = [
        one.low <= bill / (people * rate) <= one.high for one in found if one.low is not None and one.high is not None
    ]
    assert np.mean(held) == pytest.approx(0.95, abs=0.02)

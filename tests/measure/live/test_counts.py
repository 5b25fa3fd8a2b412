"""What an arm's counts say, and that counts which cannot be are refused."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from miniatures.datamodel.verdict import Guardrail, LiveMetric, RateBase
from miniatures.measure.live.counts import ArmCounts, Tally


def counts(**changed: object) -> ArmCounts:
    people = dict.fromkeys(("enrolled", "drafted", "ready", "reviewed", "approved", "sent", "companies"), 1_000)
    reached = {"delivered": 980, "companies_reached": 980, "bounced": 20}
    hits = {"opened_low": 200, "opened_high": 500, "clicked": 40, "clicked_high": 60}
    did = {**hits, "replied": 50, "positive": 5, "complained": 1}
    return ArmCounts.model_validate({"arm": "teacher", **people, **reached, **did, **changed})


def test_a_rate_has_wilsons_interval():
    """10 of 100: 5.52 % to 17.44 % (Newcombe 1998, Statistics in Medicine 17:857-872, gives 15 of 148 likewise)."""
    rate = Tally("replied", 15, 148).rate
    assert (rate.share, rate.low, rate.high) == pytest.approx((0.1014, 0.0624, 0.1605), abs=0.0001)


def test_nobody_and_nothing_have_intervals():
    assert Tally("replied", 0, 0).rate.share is None
    assert (Tally("replied", 0, 0).rate.low, Tally("replied", 0, 0).rate.high) == (0, 1)
    none = Tally("replied", 0, 50).rate
    assert none.low == 0
    assert none.high == pytest.approx(1.96**2 / (50 + 1.96**2), abs=0.001)


def test_people_who_share_a_company_count_as_one_where_nobody_measured_more():
    assert counts(companies=500, companies_reached=490).harm(Guardrail.COMPLAINED).alone == (0.5, 490)
    assert counts(companies=0, companies_reached=0).harm(Guardrail.COMPLAINED).alone == (0.001, 0.98)


def test_a_measured_design_effect_is_used():
    measured = counts(companies=500, companies_reached=490, design_effects={LiveMetric.REPLIED: 1.25})
    assert measured.tallies(LiveMetric.REPLIED, RateBase.DELIVERED)[0].alone == (40, 784)
    assert measured.tallies(LiveMetric.CLICKED, RateBase.DELIVERED)[0].alone == (20, 490)


def test_answers_alike_widen_the_interval():
    alone, alike = Tally("replied", 50, 1_000).rate, Tally("replied", 50, 1_000, 3.0).rate
    assert alike.share == alone.share
    assert alike.high - alike.low > 1.6 * (alone.high - alone.low)


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        (LiveMetric.OPENED, [(200, 980), (500, 980), (200, 680)]),
        (LiveMetric.CLICKED, [(40, 980), (60, 980), (40, 960)]),
    ],
)
def test_opens_and_clicks_are_counted_at_both_extremes_and_among_those_who_can_be_told(
    metric: LiveMetric, expected: list[tuple[int, int]]
):
    tallies = counts().tallies(metric, RateBase.DELIVERED)
    assert [(one.count, one.base) for one in tallies] == expected
    assert [one.counted for one in tallies] == [
        f"{metric.value} for certain",
        f"{metric.value}, if every hit was a person's",
        f"{metric.value}, of those whose hits can be told",
    ]


def test_what_a_rate_is_of():
    assert counts().tallies(LiveMetric.REPLIED, RateBase.ENROLLED)[0].base == 1_000
    assert counts().tallies(LiveMetric.REPLIED, RateBase.DELIVERED)[0].base == 980
    assert counts().harm(Guardrail.BOUNCED).base == 1_000
    assert counts().harm(Guardrail.UNSUBSCRIBED).base == 980


@pytest.mark.parametrize(
    "wrong",
    [
        {"positive": 51},
        {"delivered": 990},
        {"opened_high": 199},
        {"clicked_high": 39},
        {"clicked_high": 981},
        {"edited": 1_001},
        {"cost_usd": -1.0},
        {"design_effects": {"replied": 0.9}},
    ],
)
def test_counts_that_cannot_be_are_refused(wrong: dict[str, object]):
    with pytest.raises(ValidationError):
        counts(**wrong)

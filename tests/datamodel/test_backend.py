"""Costs: what is unknown stays unknown."""

import pytest

from miniatures.datamodel.backend import BackendIdentity, Bill, Price, Usage


def test_cached_input_has_its_own_price() -> None:
    price = Price(input_per_million=3, output_per_million=15, cached_per_million=0.3)
    usage = Usage(input_tokens=1_000_000, cached_tokens=400_000, output_tokens=100_000)
    assert price.cost(usage) == pytest.approx(0.6 * 3 + 0.4 * 0.3 + 0.1 * 15)


def test_an_unknown_cost_makes_the_sum_unknown() -> None:
    known, unknown = Bill(cost_usd=0.25), Bill(cost_usd=None)
    assert (known + Bill(cost_usd=0.5)).cost_usd == 0.75
    assert (known + unknown).cost_usd is None
    assert (unknown + known).cost_usd is None
    assert Bill.total([]).cost_usd == 0


def test_usages_add_up() -> None:
    total = Usage(input_tokens=3, output_tokens=2) + Usage(input_tokens=1, output_tokens=1, cached_tokens=1)
    assert total == Usage(input_tokens=4, output_tokens=3, cached_tokens=1)
    assert total.total_tokens == 7


def test_identities_differ_by_adapter() -> None:
    base = BackendIdentity(provider="local", model="m")
    tuned = base.model_copy(update={"adapter": "ab" * 32})
    assert base != tuned
    assert str(tuned) == "local:m+abababab"

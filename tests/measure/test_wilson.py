"""The interval of a share is the one of the books and of statsmodels."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from miniatures.measure.wilson import wilson_interval


@pytest.mark.parametrize(
    ("count", "base", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_it_has_newcombes_published_ends(count: int, base: int, low: float, high: float) -> None:
    """Newcombe 1998, Statistics in Medicine 17:857-872, table I, method 3."""
    assert wilson_interval(count, base, 0.05) == pytest.approx((low, high), abs=5e-5)


@given(st.floats(1, 1e6), st.floats(0, 1), st.floats(0.001, 0.5))
def test_it_is_that_of_statsmodels(base: float, share: float, alpha: float) -> None:
    theirs = proportion_confint(share * base, base, alpha=alpha, method="wilson")
    assert wilson_interval(share * base, base, alpha) == pytest.approx(theirs, abs=1e-9)

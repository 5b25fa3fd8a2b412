"""Intervals and tests for shares: what a number on a few hundred cases is worth.

Cases of one company resemble one another, so differences are resampled by company, never by case.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from miniatures.datamodel.miniature import Comparison, Score
from miniatures.measure.non_inferiority import design_effect
from miniatures.measure.wilson import wilson_interval

_ALPHA = 0.05
_DRAWS = 10_000
_DRAWS_AT_ONCE = 500


def wilson(passed: int, total: int) -> Score:
    """A share with its 95 % Wilson score interval (Wilson 1927); 0 to 1 when nothing was measured.

    Raises:
        ValueError: more passed than there were, or a negative count.
    """
    if not 0 <= passed <= total:
        raise ValueError(f"{passed} of {total} is no share")
    if total == 0:
        return Score(passed=0, total=0, low=0.0, high=1.0)
    low, high = wilson_interval(passed, total, _ALPHA)
    return Score(passed=passed, total=total, low=low, high=high)


def score_of(outcomes: Sequence[bool]) -> Score:
    """The share of true ones."""
    return wilson(sum(outcomes), len(outcomes))


def mcnemar(first: Sequence[bool], second: Sequence[bool]) -> float:
    """Two-sided p of the exact McNemar test (McNemar 1947): may both have the same share? 1 where they never differ."""
    from statsmodels.stats.contingency_tables import mcnemar as test

    pairs = list(zip(first, second, strict=True))
    table = [[pairs.count((one, other)) for other in (True, False)] for one in (True, False)]
    if table[0][1] + table[1][0] == 0:
        return 1.0
    return float(test(table, exact=True).pvalue)


@dataclass(frozen=True)
class Interval:
    """A mean and its 95 % interval."""

    mean: float
    low: float
    high: float


def clustered_mean(values: Sequence[float], clusters: Sequence[Hashable], seed: int) -> Interval:
    """The mean with its percentile bootstrap interval, whole clusters drawn with replacement (Davison, Hinkley 1997).

    With one cluster, or equal values everywhere, the interval is the mean itself.

    Raises:
        ValueError: there is no value, or a value without a cluster.
    """
    if not values:
        raise ValueError("there is nothing to resample")
    names = {name: place for place, name in enumerate(dict.fromkeys(clusters))}
    sums, sizes = np.zeros(len(names)), np.zeros(len(names))
    for value, name in zip(values, clusters, strict=True):
        sums[names[name]] += value
        sizes[names[name]] += 1
    means = np.concatenate(_resampled(sums, sizes, seed))
    low, high = np.quantile(means, [_ALPHA / 2, 1 - _ALPHA / 2])
    mean = float(sums.sum() / sizes.sum())
    return Interval(mean, min(mean, float(low)), max(mean, float(high)))


def _resampled(sums: np.ndarray, sizes: np.ndarray, seed: int) -> list[np.ndarray]:
    """Means of resampled clusters, a few hundred at a time, so that memory stays small."""
    random = np.random.default_rng(seed)
    means = []
    for _ in range(_DRAWS // _DRAWS_AT_ONCE):
        drawn = random.integers(0, len(sums), size=(_DRAWS_AT_ONCE, len(sums)))
        means.append(sums[drawn].sum(axis=1) / sizes[drawn].sum(axis=1))
    return means


@dataclass(frozen=True)
class Paired:
    """What two sides did on the same cases, by case; the company of each case beside."""

    ours: Mapping[str, bool]
    theirs: Mapping[str, bool]
    company: Mapping[str, str]

    def comparison(self, *, against: str, dataset: str, measure: str, seed: int) -> Comparison | None:
        """Ours less theirs over the cases that both have; None where there is none."""
        cases = sorted(self.ours.keys() & self.theirs.keys())
        if not cases:
            return None
        ours, theirs = [self.ours[case] for case in cases], [self.theirs[case] for case in cases]
        differences = [float(one) - float(other) for one, other in zip(ours, theirs, strict=True)]
        companies = [self.company[case] for case in cases]
        interval = clustered_mean(differences, companies, seed)
        return Comparison(
            against=against,
            dataset=dataset,
            measure=measure,
            cases=len(cases),
            difference=interval.mean,
            low=interval.low,
            high=interval.high,
            p_value=mcnemar(ours, theirs),
            gained=differences.count(1.0),
            lost=differences.count(-1.0),
            design_effect=design_effect(differences, companies),
        )

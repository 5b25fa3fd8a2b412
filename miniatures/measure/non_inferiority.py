"""Whether one share is less than another by no more than a margin, where both come from the same cases.

Absence of a significant difference is no evidence of equality: 5 of 10 against 10 of 10 is not significant either. So
the hypothesis that is refuted is the other one: that the share is lower by the margin or more.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from statistics import NormalDist
from typing import TypeVar

_POWER = 0.8
_TWO_SIDED = 0.975
_NORMAL = NormalDist()
_Cluster = TypeVar("_Cluster", bound=Hashable)


def non_inferiority_p(gained: float, lost: float, cases: float, margin: float) -> float:
    """One-sided p of Tango's score test for paired proportions (Tango 1998, Statistics in Medicine 17:891-908).

    `gained` cases passed on our side only, `lost` ones on the other side only. A small p refutes that our share is
    lower by `margin` or more. No library has it: statsmodels knows independent samples, and McNemar's test of equality.
    """
    if cases <= 0:
        return 1.0
    shift = -margin
    linear = (2 * cases - gained + lost) * shift - gained - lost
    constant = -lost * shift * (1 - shift)
    lost_share = (math.sqrt(max(0.0, linear**2 - 8 * cases * constant)) - linear) / (4 * cases)
    variance = cases * (2 * lost_share + shift * (1 - shift))
    return 1 - _NORMAL.cdf((gained - lost - cases * shift) / math.sqrt(variance))


def design_effect(differences: Sequence[float], clusters: Sequence[Hashable]) -> float:
    """By how much the variance of a mean grows because the cases of one cluster resemble one another; at least 1.

    Counts divided by it may be tested as if the cases were independent (Rao and Scott 1992, Biometrics 48:577-585). An
    effect that few clusters tell is itself uncertain, so it grows by what their degrees of freedom lack (Korn and
    Graubard 1998, Survey Methodology 24:193-201). One that nothing tells is the worst there may be: all cases of a
    cluster count as one.
    """
    cases = len(differences)
    mean = sum(differences) / cases
    sums: defaultdict[Hashable, float] = defaultdict(float)
    for difference, cluster in zip(differences, clusters, strict=True):
        sums[cluster] += difference - mean
    alone = sum((difference - mean) ** 2 for difference in differences)
    return _effect(cases, len(sums), alone, sum(total**2 for total in sums.values()))


def design_effect_of_counts(did: Mapping[_Cluster, int], among: Mapping[_Cluster, int]) -> float:
    """The same of outcomes that are 0 or 1: how many are 1 in each cluster that has some, among the cases of each."""
    cases = sum(among.values())
    mean = sum(did.values()) / cases
    squares = mean**2 * sum(size**2 for size in among.values())
    between = squares + sum(count**2 - 2 * mean * count * among[cluster] for cluster, count in did.items())
    return _effect(cases, len(among), sum(did.values()) * (1 - mean), between)


def _effect(cases: int, clusters: int, alone: float, between: float) -> float:
    """From the sum of squares of single cases about their mean, and of the sums of clusters."""
    if alone == 0 or clusters < 2:
        return cases / clusters
    told = max(1.0, between * clusters / (clusters - 1) / (alone * cases / (cases - 1)))
    return min(cases, told * (_student(clusters - 1) / _student(cases - 1)) ** 2)


def _student(freedom: int) -> float:
    from scipy.special import stdtrit  # The quantile alone: scipy.stats takes a second to load.

    return float(stdtrit(freedom, _TWO_SIDED))


def holm(p_values: Sequence[float]) -> list[float]:
    """P values adjusted for their number (Holm 1979), in the order given."""
    adjusted, least = [1.0] * len(p_values), 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        least = max(least, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = least
    return adjusted


def cases_needed(differing: float, alpha: float, margin: float) -> int:
    """Cases that show `not worse` 4 times in 5, if the shares are equal and `differing` of the answers differ.

    From the variance of a paired difference (Connor 1987, Biometrics 43:207-211).
    """
    quantiles = _NORMAL.inv_cdf(1 - alpha) + _NORMAL.inv_cdf(_POWER)
    return math.ceil(max(differing, margin) * (quantiles / margin) ** 2)

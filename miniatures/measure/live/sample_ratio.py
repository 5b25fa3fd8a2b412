"""Whether the arms have the shares they were given; where not, what people did says nothing about the arms.

Companies are counted, for they are what is assigned, each by itself. Behind every mail gateway the shares have to be
the same, so each gateway is looked at as well, and the p values are adjusted for their number. Anybody looks at any
time, so the test is one that stays valid: a chi-square test repeated every day raises false alarms far more
often than it says.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from scipy.special import gammaln

from miniatures.datamodel.live_verdict import RatioAlarm
from miniatures.measure.non_inferiority import holm

ALARM = 0.01
"""Chance of a false alarm over all places and all days."""
_PRIORS = (5.0, 500.0)


def ratio_alarms(places: Mapping[str, Mapping[str, int]], shares: Mapping[str, float]) -> tuple[RatioAlarm, ...]:
    """The places where the arms do not have their shares.

    `places` has the companies of each arm by place, such as `enrolled` or one gateway; a missing arm has none.
    `shares` are positive and add up to 1.
    """
    counts = [{arm: place.get(arm, 0) for arm in shares} for place in places.values()]
    adjusted = holm([sample_ratio_p(one, shares) for one in counts])
    return tuple(
        RatioAlarm(where=where, companies=companies, p_value=p_value)
        for where, companies, p_value in zip(places, counts, adjusted, strict=True)
        if p_value < ALARM
    )


def sample_ratio_p(companies: Mapping[str, int], shares: Mapping[str, float]) -> float:
    """Small where it is refuted that the companies were assigned by these shares.

    Exact at any number of looks, and for few companies (Lindon and Malek 2022, Anytime-valid inference for
    multinomial count data, NeurIPS 35). The evidence is the likelihood under a Dirichlet prior about the shares, over
    that under the shares themselves: the mean of it under two priors, one for arms that are all but missing, which a
    few companies tell, and one for arms that are some two points off.
    """
    evidence = np.logaddexp.reduce([_evidence(companies, shares, prior) for prior in _PRIORS]) - math.log(len(_PRIORS))
    return math.exp(-max(0.0, float(evidence)))


def _evidence(companies: Mapping[str, int], shares: Mapping[str, float], prior: float) -> float:
    """Logarithm of the likelihood ratio; the prior is worth so many companies."""
    evidence = gammaln(prior) - gammaln(prior + sum(companies.values()))
    for arm, share in shares.items():
        count, before = companies[arm], prior * share
        evidence += gammaln(before + count) - gammaln(before) - count * math.log(share)
    return float(evidence)

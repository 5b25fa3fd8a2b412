"""When an arm has to stop: a rate of bounces, opt-outs or complaints that is above its limit beyond chance.

The limits are looked at every day, and an arm whose rate is at the limit would by chance be above it on some day. So
what is held against the limit is a lower bound of the rate that is ever too high, on any day, with a chance of at
most `alpha`: the confidence sequence of a proportion by a beta mixture (Howard, Ramdas, McAuliffe and Sekhon 2021,
Annals of Statistics 49:1055-1080). It is exact, for two complaints as well, if everybody answers alone; counts
divided by a design effect make it an approximation.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
from scipy.special import betaln, xlogy

from miniatures.datamodel.live_verdict import GuardrailHit
from miniatures.datamodel.verdict import GuardrailLimits
from miniatures.measure.live.counts import ArmCounts
from miniatures.measure.live.difference import Array, Numbers, bisected


def guardrail_hits(arms: Iterable[ArmCounts], limits: GuardrailLimits, alpha: float) -> tuple[GuardrailHit, ...]:
    """What stops which arm. One that keeps to every limit is ever stopped with a chance of at most `alpha`."""
    hits = []
    for arm in arms:
        for guardrail, limit in limits.in_force.items():
            tally = arm.harm(guardrail)
            low = float(lower_bound(*tally.alone, limit, alpha / len(limits.in_force)))
            if low > limit:
                hits.append(GuardrailHit(arm=arm.arm, guardrail=guardrail, rate=tally.rate, limit=limit, low=low))
    return tuple(hits)


def lower_bound(count: Numbers, people: Numbers, expected: float, alpha: float) -> Array:
    """Always-valid lower bound of a rate, sharpest if the rate is near the one that is expected; 0 without people."""
    before, after = 1.0, 1 / expected - 1
    mixed = betaln(before + count, after + people - count) - betaln(before, after)

    def kept(rate: Array) -> Any:
        return mixed - xlogy(count, rate) - xlogy(people - count, 1 - rate) < -math.log(alpha)

    share = np.asarray(count, dtype=float) / np.maximum(people, 1e-9)
    return np.where(np.asarray(count) > 0, bisected(kept, 0 * share, share), 0.0)

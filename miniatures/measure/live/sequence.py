"""The difference between two shares for those who look every day: an always-valid confidence sequence.

Whoever looks twenty times at a test of a fixed sample finds a difference that is not there in one case of four. Here
the chance that any look at all, on any day and as many as one likes, gives a wrong word is at most `alpha`.

The evidence against a hypothesis is a likelihood ratio: score and information of the two-sample score test, mixed
over a half-normal prior of the true effect (Robbins 1970, Annals of Mathematical Statistics 41:1397-1409; Howard,
Ramdas, McAuliffe and Sekhon 2021, Annals of Statistics 49:1055-1080). It is a martingale if the hypothesis holds, and
one that starts at 1 reaches 1 / alpha with a chance of at most alpha (Ville 1939). As with any test that puts an
estimated variance into a normal one, the guarantee is that of large samples (Waudby-Smith, Arbour, Sinha, Kennedy and
Ramdas 2024, Annals of Statistics 52:2613-2640); `benchmarks/ab_simulations.py` shows what it does with small ones and
rare replies.

The shares by which people are assigned must not change while the test runs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import lambertw, log_ndtr, ndtri

from miniatures.measure.live.difference import Array, Numbers, TwoArms, bisected, score

_POWER = 0.8
_FARTHEST = 40.0
_NEARLY_ONE = 1 - 1e-9


@dataclass(frozen=True)
class AlwaysValid:
    """The method for any number of looks.

    It is sharpest about the size at which an equally good challenger is shown to be no worse 4 times in 5, which the
    margin says; elsewhere it is less sharp and as valid.
    """

    alpha: float
    margin: float

    def p_no_worse(self, arms: TwoArms) -> Array:
        """Small where it is refuted that we lose the margin or more."""
        return self._p_above(arms, -self.margin)

    def p_worse(self, arms: TwoArms) -> Array:
        """Small where it is refuted that we are as good."""
        return self._p_below(arms, 0.0)

    def bounds(self, arms: TwoArms) -> tuple[float, float]:
        """The differences not refuted; each end is ever wrong, at any look, with a chance of at most `alpha`."""
        if not arms.known:
            return -1.0, 1.0
        seen = float(arms.difference)
        low = bisected(lambda supposed: self._p_above(arms, supposed) >= self.alpha, -_NEARLY_ONE, seen)
        high = bisected(lambda supposed: self._p_below(arms, supposed) < self.alpha, seen, _NEARLY_ONE)
        return float(low), float(high)

    def z_needed(self, information: Numbers) -> Array:
        """The score that decides; more where there is much less or much more information than it is sharpest at."""
        none = np.zeros_like(np.asarray(information, dtype=float))
        return bisected(lambda z: self._evidence(z, information) >= -math.log(self.alpha), none, none + _FARTHEST)

    def _p_above(self, arms: TwoArms, supposed: Numbers) -> Array:
        found = score(arms, supposed)
        return np.exp(-np.maximum(0.0, self._evidence(found.z, found.information)))

    def _p_below(self, arms: TwoArms, supposed: Numbers) -> Array:
        found = score(arms, supposed)
        return np.exp(-np.maximum(0.0, self._evidence(-found.z, found.information)))

    def _evidence(self, z: Array, information: Numbers) -> Array:
        """Logarithm of the mixed likelihood ratio for an effect above the supposed one."""
        kept = information / (information + self.precision)
        mixed = math.log(2) + np.log1p(-kept) / 2 + kept * z**2 / 2
        return np.asarray(mixed + log_ndtr(np.sqrt(kept) * z))

    @cached_property
    def precision(self) -> float:
        """Of the prior: 1 / the square of the effect that it expects (Howard et al. 2021, section 3.5)."""
        ratio = -lambertw(-((2 * self.alpha) ** 2) / math.e, -1).real
        sharpest = math.sqrt(ratio / (ratio - 1) * math.log(ratio / (2 * self.alpha) ** 2))
        information = ((sharpest + ndtri(_POWER)) / self.margin) ** 2
        return float(information / (ratio - 1))

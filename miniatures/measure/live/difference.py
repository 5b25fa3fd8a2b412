"""The difference between two independent shares, looked at once: score test, Newcombe's interval.

The score test takes the variance where the hypothesis would have it, so it works for few people and for none who
replied (Farrington and Manning 1990, Statistics in Medicine 9:1447-1454). statsmodels has it as well, and version
0.15 is wrong: its cubic has the replies of the reference where Miettinen and Nurminen (1985, Statistics in Medicine
4:213-226) have its people. For 0 of 50 beside 0 of 500 it finds a share below nought, and p = 0.0002 instead of
0.0007 for a margin of two points. So the likelihood is maximised here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

Array = NDArray[np.float64]
Numbers = float | Array
"""A number, or an array with one for each of many campaigns."""

_HALVINGS = 60
_NO_VARIANCE = 1e-15
"""Less than any that people have, and more than what the bisection leaves of none."""


@dataclass(frozen=True)
class TwoArms:
    """Successes and people of the challenger (`ours`) and of the reference, each person as if alone in a company."""

    ours: Numbers
    our_people: Numbers
    theirs: Numbers
    their_people: Numbers

    @property
    def known(self) -> NDArray[np.bool_]:
        """Where both arms have somebody."""
        return np.asarray(np.minimum(self.our_people, self.their_people) > 0)

    @property
    def difference(self) -> Array:
        """Our share less theirs; 0 where one arm has nobody."""
        ours, theirs = (np.where(self.known, people, 1) for people in (self.our_people, self.their_people))
        return np.where(self.known, self.ours / ours - self.theirs / theirs, 0.0)


@dataclass(frozen=True)
class Score:
    """How far the observed difference is from a supposed one, in standard errors.

    `information` is 1 / the square of that error, `skewness` that of the difference where the hypothesis holds.
    """

    z: Array
    information: Array
    skewness: Array


def score(arms: TwoArms, supposed: Numbers) -> Score:
    """The score for a supposed difference, from -1 to 1, both excluded. All are 0 where one arm has nobody."""
    theirs = _likeliest(arms, supposed)
    ours = theirs + supposed
    with np.errstate(divide="ignore", invalid="ignore"):
        our_variance, their_variance = ours * (1 - ours) / arms.our_people, theirs * (1 - theirs) / arms.their_people
        variance = our_variance + their_variance
        information = np.where(arms.known & (variance > _NO_VARIANCE), 1 / variance, 0.0)
        third = our_variance * (1 - 2 * ours) / arms.our_people - their_variance * (1 - 2 * theirs) / arms.their_people
    skewness = np.where(information > 0, third, 0.0) * information**1.5
    return Score((arms.difference - supposed) * np.sqrt(information), information, skewness)


def _likeliest(arms: TwoArms, supposed: Numbers) -> Array:
    """Their share that makes the counts likeliest if ours is higher by what is supposed.

    The likelihood is concave in it, so its slope falls, and is nought at one place or beyond the range.
    """

    def falls(theirs: Array) -> NDArray[np.bool_]:
        ours = theirs + supposed
        with np.errstate(divide="ignore", invalid="ignore"):
            slope = arms.ours / ours - (arms.our_people - arms.ours) / (1 - ours)
            slope = slope + arms.theirs / theirs - (arms.their_people - arms.theirs) / (1 - theirs)
        return np.asarray(slope < 0)

    return bisected(falls, np.maximum(0.0, -np.asarray(supposed)), np.minimum(1.0, 1 - np.asarray(supposed)))


def bisected(reached: Callable[[Array], Any], low: Numbers, high: Numbers) -> Array:
    """Where `reached`, false below and true above, turns; `high` where it does not."""
    below, above = np.asarray(low, dtype=float), np.asarray(high, dtype=float)
    for _ in range(_HALVINGS):
        middle = (below + above) / 2
        here = reached(middle)
        below, above = np.where(here, below, middle), np.where(here, middle, above)
    return above


@dataclass(frozen=True)
class FixedSample:
    """The method for one look at a size fixed before. With more looks than one it lies more often than `alpha`.

    The score is corrected for skewness (Gart and Nam 1990, Biometrics 46:637-643), without which a test of rare replies
    in a small challenger beside a large reference is wrong in 6 of 100 cases instead of 5.
    """

    alpha: float
    margin: float

    def p_no_worse(self, arms: TwoArms) -> Array:
        """Small where it is refuted that we lose the margin or more."""
        return np.where(arms.known, ndtr(-_straightened(score(arms, -self.margin))), 1.0)

    def p_worse(self, arms: TwoArms) -> Array:
        """Small where it is refuted that we are as good."""
        return np.where(arms.known, ndtr(_straightened(score(arms, 0.0))), 1.0)

    def bounds(self, arms: TwoArms) -> tuple[float, float]:
        """Newcombe's hybrid score interval (1998, Statistics in Medicine 17:873-890), each end wrong with `alpha`."""
        if not arms.known:
            return -1.0, 1.0
        from statsmodels.stats.proportion import confint_proportions_2indep

        counts = (arms.ours, arms.our_people, arms.theirs, arms.their_people)
        low, high = confint_proportions_2indep(*counts, method="newcomb", alpha=2 * self.alpha)
        return max(-1.0, float(low)), min(1.0, float(high))

    def z_needed(self, information: Numbers) -> Array:
        """The score that decides: the same at any size."""
        return np.full_like(np.asarray(information, dtype=float), ndtri(1 - self.alpha))


def _straightened(found: Score) -> Array:
    """The score as it would be without skewness, by Cornish and Fisher's first term, as far as that rises with it."""
    farthest = 3 / np.where(found.skewness == 0, 1e-9, found.skewness)
    z = np.where(found.z * found.skewness > 3, farthest, found.z)
    return np.asarray(z - found.skewness * (z**2 - 1) / 6)

"""The interval of one share, by itself: what a page shows of many shares is not worth loading a library of statistics.

Wilson's score interval (1927, Journal of the American Statistical Association 22:209-212) is right for few people and
for rare events. The tests hold it to statsmodels' and to Newcombe's published ones.
"""

from __future__ import annotations

import math

from scipy.special import ndtri


def wilson_interval(count: float, base: float, alpha: float) -> tuple[float, float]:
    """The ends of the interval of `count` of `base`, both divided by a design effect if need be; wrong with `alpha`.

    The share is within, whatever rounding does, and the ends are from 0 to 1.
    """
    z = float(ndtri(1 - alpha / 2))
    share, weight = count / base, z**2 / base
    middle, half = share + weight / 2, math.sqrt(weight * (share * (1 - share) + weight / 4))
    low, high = (middle - half) / (1 + weight), (middle + half) / (1 + weight)
    return min(share, max(0.0, low)), max(share, min(1.0, high))

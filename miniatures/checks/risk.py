"""The bound above which `ready` holds its promise: at most a stated share of such drafts holds a false statement.

Learn-then-test (Angelopoulos, Bates, Candès, Jordan and Lei 2021, arXiv:2110.01052), with fixed-sequence testing: from
the surest readings downwards, each bound is tested by the exact binomial, and the last that passes before one fails is
taken. So with the stated confidence no bound that breaks the promise is taken, however many were tried.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from miniatures.datamodel.frozen import Frozen
from miniatures.datamodel.miniature import SureReading

CONFIDENCE = 0.95


class RiskBound(Frozen):
    """The least sureness that a ready draft may have, and the readings that it was calibrated on."""

    risk: float
    bound: float
    readings: int
    above: int
    false: int


def risk_bound(readings: Sequence[SureReading], risk: float, confidence: float = CONFIDENCE) -> RiskBound | None:
    """The lowest bound at which the risk holds with this confidence; None where the readings cannot show it for any.

    The readings must be of prospects that the miniature had not learned, and like those that it will meet.
    """
    surest = sorted(readings, key=lambda one: -one.sure)
    found: RiskBound | None = None
    for count in range(fewest(risk, confidence), len(surest) + 1):
        tied = count < len(surest) and surest[count].sure == surest[count - 1].sure
        if tied:
            continue
        false = sum(one.false for one in surest[:count])
        if _at_most(false, count, risk) > 1 - confidence:
            break
        found = RiskBound(risk=risk, bound=surest[count - 1].sure, readings=len(surest), above=count, false=false)
    return found


def least_risk(readings: Sequence[SureReading], confidence: float = CONFIDENCE) -> float | None:
    """The smallest risk in whole percent that the readings can show for any bound; None for 50 % and above."""
    shown = (percent / 100 for percent in range(1, 50))
    return next((risk for risk in shown if risk_bound(readings, risk, confidence) is not None), None)


def fewest(risk: float, confidence: float = CONFIDENCE) -> int:
    """How many readings without a fault it takes to show the risk at all."""
    return math.ceil(math.log(1 - confidence) / math.log(1 - risk))


def _at_most(false: int, count: int, share: float) -> float:
    """The probability of so few or fewer where the share is as great as this."""
    return sum(math.comb(count, k) * share**k * (1 - share) ** (count - k) for k in range(false + 1))

"""How many people a test needs, and what so many can show.

The power of a score test whose variance is that of the hypothesis while the truth has another (Farrington and Manning
1990, Statistics in Medicine 9:1447-1454). Of an always-valid method it is the chance that the last look decides; that
an earlier one does comes on top.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from miniatures.datamodel.verdict import Look
from miniatures.measure.live.difference import TwoArms, bisected, score
from miniatures.measure.live.method import method_for

_MOST = 1e9


@dataclass(frozen=True)
class Truth:
    """The rates that are supposed, and how many people of ours there are to one of theirs."""

    ours: float
    theirs: float
    ours_to_one: float = 1.0

    def arms(self, our_people: float) -> TwoArms:
        """What so many people of ours are expected to do, and the others beside."""
        their_people = our_people / self.ours_to_one
        return TwoArms(self.ours * our_people, our_people, self.theirs * their_people, their_people)


@dataclass(frozen=True)
class Aim:
    """How sure one wants to be of which word; `alpha` is one-sided, after it is shared among the challengers."""

    margin: float
    alpha: float
    power: float
    look: Look

    def power_no_worse(self, truth: Truth, our_people: float) -> float:
        """The chance to show that we are no worse."""
        return self._power(truth, our_people, -self.margin, 1)

    def power_worse(self, truth: Truth, our_people: float) -> float:
        """The chance to show that we are worse."""
        return self._power(truth, our_people, 0.0, -1)

    def people_no_worse(self, truth: Truth) -> int | None:
        """People of ours needed to show that we are no worse; null if no number would do."""
        return self._people(lambda people: self.power_no_worse(truth, people))

    def people_worse(self, truth: Truth) -> int | None:
        """People of ours needed to show that we are worse; null if no number would do."""
        return self._people(lambda people: self.power_worse(truth, people))

    def least_margin(self, truth: Truth, our_people: float) -> float:
        """The smallest margin within which so many people show that we are no worse; 1 if there is none."""

        def shown(margin: float) -> bool:
            return Aim(margin, self.alpha, self.power, self.look).power_no_worse(truth, our_people) >= self.power

        return float(bisected(lambda margin: shown(float(margin)), 0.0, 1.0))

    def least_loss(self, theirs: float, ours_to_one: float, our_people: float) -> float | None:
        """The smallest loss that so many people show to be one; null if not even the loss of everything."""

        def shown(loss: float) -> bool:
            return self.power_worse(Truth(theirs - loss, theirs, ours_to_one), our_people) >= self.power

        return float(bisected(lambda loss: shown(float(loss)), 0.0, theirs)) if shown(theirs) else None

    def _power(self, truth: Truth, our_people: float, supposed: float, side: int) -> float:
        arms = truth.arms(our_people)
        found = score(arms, supposed)
        ours, theirs = truth.ours * (1 - truth.ours), truth.theirs * (1 - truth.theirs)
        variance = ours / our_people + theirs / our_people * truth.ours_to_one
        needed = method_for(self.look, self.alpha, self.margin).z_needed(found.information)
        return float(ndtr((side * found.z - needed) / np.sqrt(variance * found.information)))

    def _people(self, power: Callable[[float], float]) -> int | None:
        if power(_MOST) < self.power:
            return None
        return math.ceil(math.exp(bisected(lambda size: power(math.exp(size)) >= self.power, 0.0, math.log(_MOST))))

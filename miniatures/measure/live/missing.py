"""How many more people it takes until something is known."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from miniatures.measure.live.counts import Tally
from miniatures.measure.live.sizes import Aim, Truth


@dataclass(frozen=True)
class Pair:
    """One way of counting in both arms; `people` are all of ours that the rate is of, counted this way or not."""

    ours: Tally
    theirs: Tally
    people: int


def people_missing(pairs: Iterable[Pair], aim: Aim, fewest: int) -> int | None:
    """People of ours still needed, in the way of counting that needs the most; null if no number would do.

    Both are taken to be equally good. Where so many are there already, the rates are taken as they were seen.
    """
    found = [_missing(pair, aim, fewest) for pair in pairs]
    return None if None in found else max(one for one in found if one is not None)


def _missing(pair: Pair, aim: Aim, fewest: int) -> int | None:
    for truth in (_equal(pair), _seen(pair)):
        alone = aim.people_no_worse(truth)
        needed = None if alone is None else _people(alone, pair)
        if needed is not None and max(needed, fewest) > pair.people:
            return max(needed, fewest) - pair.people
    return None


def _people(alone: int, pair: Pair) -> int:
    """So many who answer alone, as people of whom some share a company and some may not be counted."""
    counted = pair.ours.base / pair.people if pair.ours.base else 1.0
    return math.ceil(alone * pair.ours.effect / counted)


def _equal(pair: Pair) -> Truth:
    both = (pair.ours.count + pair.theirs.count + 0.5) / (pair.ours.base + pair.theirs.base + 1)
    return Truth(both, both, _ours_to_one(pair))


def _seen(pair: Pair) -> Truth:
    ours, theirs = ((one.count + 0.5) / (one.base + 1) for one in (pair.ours, pair.theirs))
    return Truth(ours, theirs, _ours_to_one(pair))


def _ours_to_one(pair: Pair) -> float:
    return (pair.ours.alone[1] + 1) / (pair.theirs.alone[1] + 1)

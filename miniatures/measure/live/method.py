"""Which method answers, by how often somebody looks: never that of a fixed sample where looks are daily."""

from __future__ import annotations

from typing import assert_never

from miniatures.datamodel.verdict import Look
from miniatures.measure.live.difference import FixedSample
from miniatures.measure.live.sequence import AlwaysValid

Method = FixedSample | AlwaysValid


def method_for(look: Look, alpha: float, margin: float) -> Method:
    """The method of this look; each kind of word is wrong with a chance of at most `alpha`."""
    match look:
        case Look.ONCE:
            return FixedSample(alpha, margin)
        case Look.DAILY:
            return AlwaysValid(alpha, margin)
        case _:
            assert_never(look)

"""One tally beside another, and the word that its two p values allow."""

from __future__ import annotations

from miniatures.datamodel.live_verdict import Difference, VerdictWord
from miniatures.measure.live.counts import Tally
from miniatures.measure.live.difference import TwoArms
from miniatures.measure.live.method import Method


def compared(ours: Tally, theirs: Tally, method: Method) -> Difference:
    """Both rates, what the method says of their difference, and its p values, not adjusted for several challengers."""
    arms = TwoArms(*ours.alone, *theirs.alone)
    low, high = method.bounds(arms)
    return Difference(
        counted=ours.counted,
        ours=ours.rate,
        theirs=theirs.rate,
        difference=float(arms.difference) if arms.known else None,
        low=low,
        high=high,
        p_no_worse=float(method.p_no_worse(arms)),
        p_worse=float(method.p_worse(arms)),
    )


def p_no_worse(one: Difference, margin: float) -> float:
    """The p value of `no worse`; 1 where the margin is as large as all there is to lose."""
    return one.p_no_worse if one.margin_counts(margin) else 1.0


def word_for(p_no_worse: float, p_worse: float, alpha: float) -> VerdictWord:
    """A loss that is beyond chance and yet within the margin is `no worse`: that is what the margin says."""
    if p_no_worse < alpha:
        return VerdictWord.NO_WORSE
    return VerdictWord.WORSE if p_worse < alpha else VerdictWord.NOT_YET_KNOWN

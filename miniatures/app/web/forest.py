"""Lays differences between arms out beside one another on one scale, with the margin: a forest plot."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from miniatures.datamodel.live_verdict import Difference, LiveVerdict
from miniatures.delivery.ab_report import AbReport
from miniatures.delivery.ab_words import counted_words

_ROOM = 1.15
_WIDEST = 3.0
"""How far what decides nothing may stretch the scale beyond what decides."""


@dataclass(frozen=True)
class ForestRow:
    """One difference: places are percent of the way from the left, cut off at the ends of the scale."""

    name: str
    decides: bool
    low: float
    high: float
    middle: float
    words: str
    interval: str


@dataclass(frozen=True)
class Forest:
    """One challenger beside the reference; `span` is what either end of the scale stands for, in points."""

    arm: str
    reference: str
    rows: tuple[ForestRow, ...]
    span: float
    margin: float


def forest_of(report: AbReport, verdict: LiveVerdict) -> Forest | None:
    """The challenger's differences, what decides first; None while one arm has nobody."""
    deciding = [one for one in verdict.outcomes if one.difference is not None]
    others = [one for one in report.others(verdict) if one.difference is not None]
    if not deciding:
        return None
    own = max(verdict.rule.margin, *map(_reach, deciding))
    span = _ROOM * min(1.0, max(own, min(_WIDEST * own, max(map(_reach, others), default=0.0))))
    rows = [*_rows(deciding, span, decides=True), *_rows(others, span, decides=False)]
    return Forest(verdict.arm, verdict.reference, tuple(rows), 100 * span, _place(-verdict.rule.margin, span))


def _reach(one: Difference) -> float:
    return max(abs(one.low), abs(one.high))


def _rows(differences: Sequence[Difference], span: float, *, decides: bool) -> Iterable[ForestRow]:
    for one in differences:
        assert one.difference is not None
        yield ForestRow(
            name=counted_words(one),
            decides=decides,
            low=_place(one.low, span),
            high=_place(one.high, span),
            middle=_place(one.difference, span),
            words=f"{100 * one.difference:+.1f} points",
            interval=f"{100 * one.low:+.1f} to {100 * one.high:+.1f}",
        )


def _place(difference: float, span: float) -> float:
    return round(50 + 50 * max(-1.0, min(1.0, difference / span)), 2)

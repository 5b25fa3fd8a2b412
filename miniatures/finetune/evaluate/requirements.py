"""Bounds that a score has to keep, so that a pipeline stops when a miniature got worse: `all_checks>=0.95`."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from miniatures.datamodel.errors import ExitCode, InputError, MiniaturesError
from miniatures.datamodel.evaluation import Requirement
from miniatures.datamodel.miniature import Score

_WRITTEN = re.compile(
    r"\s*(?P<measure>\w+)\s*(?P<sign>>=|<=|>|<)\s*(?P<bound>\d+(?:\.\d+)?|\.\d+)\s*(?P<percent>%?)\s*"
)
_SIGNS: dict[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}


class GateFailed(MiniaturesError):
    """A score did not keep a bound that was required."""

    exit_code = ExitCode.GATE_FAILED


@dataclass(frozen=True)
class Bound:
    """One requirement: the share of a measure against a number between 0 and 1."""

    text: str
    measure: str
    sign: str
    value: float

    def judged(self, scores: Mapping[str, Score]) -> Requirement:
        """Whether the share keeps the bound; one that was not measured does not."""
        score = scores.get(self.measure)
        share = None if score is None else score.share
        return Requirement(text=self.text, share=share, met=share is not None and _SIGNS[self.sign](share, self.value))


def parse_bound(text: str, known: Collection[str]) -> Bound:
    """Read `MEASURE>=SHARE`; the share is written as 0.95 or 95%.

    Raises:
        InputError: it is not written so, no such measure is taken, or the share is above 1.
    """
    found = _WRITTEN.fullmatch(text)
    if found is None:
        raise InputError(f"{text!r} is no requirement", hint="Write one as all_checks>=0.95.")
    value = float(found["bound"]) / (100 if found["percent"] else 1)
    if found["measure"] not in known:
        raise InputError(
            f"{text!r} requires something that is not measured here", hint=f"Measured are {', '.join(known)}."
        )
    if value > 1:
        raise InputError(f"{text!r} requires more than everything", hint="Write a share as 0.95 or 95%.")
    return Bound(text.strip(), found["measure"], found["sign"], value)

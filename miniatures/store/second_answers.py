"""Answers of a second backend to the same question: what a fallback wrote in the end, what a shadow wrote beside.

Both are kept with the prompt's variables, so a teacher's answer to its long prompt is a training candidate for a
student with a compact one. Which of them are good is for checks and reviewers to say, not for this module.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from miniatures.datamodel.seat import Seat
from miniatures.datamodel.trace import Trace
from miniatures.store.store import Store

_PAGE = 500


@dataclass(frozen=True)
class AnswerPair:
    """Two answers to one question: the one that was used and the shadow's."""

    used: Trace
    shadow: Trace


def teacher_candidates(store: Store, campaign: str) -> Iterator[Trace]:
    """Whole answers of the fallback and of the shadow, oldest first; `variables` render their prompt anew."""
    for trace in store.traces(campaign):
        if trace.seat is not Seat.FIRST and trace.whole and trace.variables:
            yield trace


def shadow_pairs(store: Store, campaign: str) -> Iterator[AnswerPair]:
    """Each used answer with the shadow's to the same question, where both are whole; the oldest shadow first."""
    shadows = (trace for trace in store.traces(campaign) if trace.shadow_of is not None and trace.whole)
    while page := list(islice(shadows, _PAGE)):
        used = store.traces_named(str(shadow.shadow_of) for shadow in page)
        for shadow in page:
            answer = used.get(str(shadow.shadow_of))
            if answer is not None and answer.whole:
                yield AnswerPair(answer, shadow)

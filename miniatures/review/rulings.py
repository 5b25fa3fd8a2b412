"""What all reviews together say of one answer: the word of every reviewer's last review on it, a rejection first.

A rejection outweighs an acceptance by somebody else: what one careful reader would not send is not taught. A reviewer
who changes their mind replaces what they said before.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from miniatures.datamodel.hashing import content_hash
from miniatures.datamodel.review import Preference, RejectReason, Review, ReviewAction
from miniatures.datamodel.trace import Trace


class Verdict(StrEnum):
    """What stands behind an answer, the best first; the last two stand behind nothing."""

    EDITED = "edited"
    ACCEPTED = "accepted"
    PREFERRED = "preferred"
    CHECKED = "checked"
    OUTDONE = "outdone"
    REJECTED = "rejected"


REVIEWED = frozenset({Verdict.EDITED, Verdict.ACCEPTED, Verdict.PREFERRED})
"""The verdicts that only a person can give."""


@dataclass(frozen=True)
class Ruling:
    """The verdict on one answer, the answer to learn, the one it was put above, and the reviews that say so."""

    verdict: Verdict
    target: dict[str, Any] | None = None
    preferred_over: dict[str, Any] | None = None
    lineage: tuple[str, ...] = ()
    reasons: frozenset[RejectReason] = frozenset()


class Rulings:
    """Reviews by the answer that they are about: by its trace, or by its text for the same prospect."""

    def __init__(self, reviews: Iterable[Review]) -> None:
        self._by_trace: dict[str, list[Review]] = defaultdict(list)
        self._by_text: dict[tuple[str, str], list[Review]] = defaultdict(list)
        for review in sorted(reviews, key=lambda review: (review.created_at, review.id)):
            self._by_trace[review.trace].append(review)
            if review.other_trace is not None:
                self._by_trace[review.other_trace].append(review)
            if review.action is not ReviewAction.COMPARE and review.prospect is not None:
                self._by_text[review.prospect, content_hash(review.answer)].append(review)

    def on(self, traces: Sequence[Trace]) -> Ruling | None:
        """The ruling on the one answer that these traces gave; None if nobody decided anything about it."""
        own = {trace.id for trace in traces}
        reviews = [review for trace in traces for review in self._by_trace.get(trace.id, ())]
        for trace in traces:
            if trace.prospect is not None and trace.structured is not None:
                reviews += self._by_text.get((trace.prospect, content_hash(trace.structured)), ())
        ordered = sorted({one.id: one for one in reviews}.values(), key=lambda one: (one.created_at, one.id))
        judged = list({one.reviewer: one for one in ordered if one.action is not ReviewAction.COMPARE}.values())
        return _judged(judged) if judged else _compared([one for one in ordered if one not in judged], own)


def _judged(reviews: Sequence[Review]) -> Ruling:
    """Of each reviewer's last word: any rejection, else the newest edit, else acceptance."""
    rejections = [review for review in reviews if review.action is ReviewAction.REJECT]
    if rejections:
        reasons = frozenset(review.reason for review in rejections if review.reason is not None)
        return Ruling(Verdict.REJECTED, lineage=_lineage(rejections), reasons=reasons)
    edits = [review for review in reviews if review.preferred_over is not None]
    last = (edits or list(reviews))[-1]
    verdict = Verdict.EDITED if edits else Verdict.ACCEPTED
    return Ruling(verdict, last.target, last.preferred_over, _lineage([last] if edits else reviews))


def _compared(reviews: Sequence[Review], own: set[str]) -> Ruling | None:
    """By the last comparison that was no tie."""
    decided = [review for review in reviews if review.preference not in (None, Preference.TIE)]
    if not decided:
        return None
    last = decided[-1]
    preferred = last.trace if last.preference is Preference.FIRST else last.other_trace
    if preferred not in own:
        return Ruling(Verdict.OUTDONE, lineage=_lineage([last]))
    return Ruling(Verdict.PREFERRED, last.target, last.preferred_over, _lineage([last]))


def _lineage(reviews: Sequence[Review]) -> tuple[str, ...]:
    return tuple(f"review:{review.id}:{review.action}" for review in reviews)

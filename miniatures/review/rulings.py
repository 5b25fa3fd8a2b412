"""What all reviews together say of one answer: the word of every reviewer's last review on it, a rejection first.

A rejection outweighs an acceptance by somebody else: what one careful reader would not send is not taught. A reviewer
who changes their mind replaces what they said before of the same draft.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from miniatures.datamodel.json_types import StructuredAnswer
from miniatures.datamodel.review import Preference, RejectReason, Review, ReviewAction, in_order, that_stand
from miniatures.datamodel.trace import Trace
from miniatures.measure.preferences import last_comparisons


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
    target: StructuredAnswer | None = None
    preferred_over: StructuredAnswer | None = None
    lineage: tuple[str, ...] = ()
    reasons: frozenset[RejectReason] = frozenset()


class Rulings:
    """Reviews by the call whose answer they are about, or that the draft they are about came from."""

    def __init__(self, reviews: Iterable[Review]) -> None:
        self._by_trace: dict[str, list[Review]] = defaultdict(list)
        for review in that_stand(reviews):
            for trace in {review.trace, review.other_trace} - {None}:
                self._by_trace[str(trace)].append(review)

    def on(self, traces: Sequence[Trace]) -> Ruling | None:
        """The ruling on the one answer that these traces gave; None if nobody decided anything about it."""
        own = {trace.id for trace in traces}
        found = {review.id: review for trace in own for review in self._by_trace.get(trace, ())}
        reviews = in_order(found.values())
        judged = {(one.reviewer, one.draft or one.trace): one for one in reviews if _is_a_word(one)}
        return _judged(list(judged.values())) if judged else _compared(reviews, own)


def _is_a_word(review: Review) -> bool:
    """Whether it says what the answer is worth: a judgement of who read it, or that it is to be written again."""
    return review.teaches or review.action is ReviewAction.REWRITE


def _judged(reviews: Sequence[Review]) -> Ruling:
    """Of each reviewer's last word: any rejection, else the newest edit, else acceptance."""
    rejections = [review for review in reviews if review.action is not ReviewAction.ACCEPT and review.target is None]
    if rejections:
        reasons = frozenset(review.reason for review in rejections if review.reason is not None)
        return Ruling(Verdict.REJECTED, lineage=_lineage(rejections), reasons=reasons)
    edits = [review for review in reviews if review.preferred_over is not None]
    last = (edits or list(reviews))[-1]
    verdict = Verdict.EDITED if edits else Verdict.ACCEPTED
    return Ruling(verdict, last.target, last.preferred_over, _lineage([last] if edits else reviews))


def _compared(reviews: Sequence[Review], own: set[str]) -> Ruling | None:
    """By the last comparison that is no tie, of those by which their reviewers stand."""
    decided = [review for review in last_comparisons(reviews) if review.preference is not Preference.TIE]
    if not decided:
        return None
    last = decided[-1]
    preferred = last.trace if last.preference is Preference.FIRST else last.other_trace
    if preferred not in own:
        return Ruling(Verdict.OUTDONE, lineage=_lineage([last]))
    return Ruling(Verdict.PREFERRED, last.target, last.preferred_over, _lineage([last]))


def _lineage(reviews: Sequence[Review]) -> tuple[str, ...]:
    return tuple(f"review:{review.id}:{review.action}" for review in reviews)

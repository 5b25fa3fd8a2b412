"""What each person has compared and read in one campaign: read from the store once, after that only what is new."""

from __future__ import annotations

from collections import defaultdict
from threading import Lock

from pydantic import ValidationError

from miniatures.datamodel.hashing import content_hash
from miniatures.datamodel.review import Review, ReviewAction, in_order
from miniatures.review.email_text import email_of
from miniatures.store.store import Store


class Done:
    """The comparisons and readings of a campaign, by person. Any thread may ask."""

    def __init__(self, store: Store, campaign: str) -> None:
        self._store = store
        self._campaign = campaign
        self._known: set[str] = set()
        self._said: dict[str, str] = {}
        self._compared: dict[str, dict[frozenset[str], None]] = defaultdict(dict)
        self._read: dict[str, set[tuple[str, str]]] = defaultdict(set)
        self._lock = Lock()

    def refresh(self) -> None:
        """Take in what was said since."""
        with self._lock:
            there = self._store.review_ids(self._campaign)
            for review in in_order(self._store.reviews_named(there - self._known)):
                self._take(review)
            self._known = there

    def add(self, review: Review) -> None:
        """Take in a review that was just kept."""
        with self._lock:
            self._take(review)

    def said(self, review: Review) -> bool | None:
        """Whether a review of this id says the same; None if there is none."""
        known = self._said.get(review.id)
        return None if known is None else known == _gist(review)

    def has_compared(self, reviewer: str, both: frozenset[str]) -> bool:
        """Whether they have compared these two answers."""
        return both in self._compared[reviewer]

    def last_compared(self, reviewer: str) -> frozenset[str] | None:
        """The two answers that they compared last."""
        return next(reversed(self._compared[reviewer]), None)

    def has_read(self, reviewer: str, prospect: str, draft: str, text_hash: str) -> bool:
        """Whether they have read this draft, or one with the same text to the same prospect (by key)."""
        read = self._read[reviewer]
        return ("", draft) in read or (prospect, text_hash) in read

    def _take(self, review: Review) -> None:
        if review.id in self._said:
            return
        match review.action:
            case ReviewAction.COMPARE:
                both = frozenset((review.trace, review.other_trace or ""))
                compared = self._compared[review.reviewer]
                compared.pop(both, None)
                compared[both] = None
            case ReviewAction.READ:
                self._read[review.reviewer] |= {
                    ("", review.draft or review.trace),
                    (review.prospect or "", _text(review)),
                }
            case _:
                return
        self._said[review.id] = _gist(review)


def _gist(review: Review) -> str:
    """What makes two reviews say the same."""
    return content_hash([review.reviewer, review.trace, review.other_trace, review.preference, review.reading])


def _text(review: Review) -> str:
    try:
        return content_hash(email_of(review.answer))
    except ValidationError:
        return ""

"""The reviews of a campaign, kept in memory without their texts, for what is counted over all of them."""

from __future__ import annotations

from threading import Lock
from typing import Any

from miniatures.datamodel.review import Review
from miniatures.store.store import Store

_TEXTS: dict[str, Any] = {"answer": {}, "edited": None, "other_answer": None, "comment": ""}


class ReviewLog:
    """The reviews, by id. One thread at a time brings them up to date.

    What is new is told by the ids: a review has its id from when its page was made, and is saved whenever the reviewer
    is done, so no moment parts the old ones from the new.
    """

    def __init__(self, store: Store, campaign: str) -> None:
        self._store = store
        self._campaign = campaign
        self._lock = Lock()
        self.by_id: dict[str, Review] = {}

    def refresh(self) -> bool:
        """Take in what was said since, and let go of what was erased; returns whether that was anything."""
        with self._lock:
            there = self._store.review_ids(self._campaign)
            new, gone = there - self.by_id.keys(), self.by_id.keys() - there
            for id_ in gone:
                del self.by_id[id_]
            for review in self._store.reviews_named(new):
                self.by_id[review.id] = review.model_copy(update=_TEXTS)
            return bool(new or gone)

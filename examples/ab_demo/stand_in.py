"""Stands in for the reviewers of the demo: nobody reads five hundred emails for it, and nothing leaves unapproved.

It accepts what the checks made ready and rejects the rest. A campaign of your own has people in its place.
"""

from __future__ import annotations

from collections import Counter

from miniatures.datamodel.draft import DraftStatus
from miniatures.datamodel.review import RejectReason, Review, ReviewAction
from miniatures.review.desk import Desk
from miniatures.review.desk_filter import DeskFilter
from miniatures.review.desk_item import DeskItem
from miniatures.review.queue import draft_to_review
from miniatures.review.reviewing import accept, reject
from miniatures.store.store import Store

REVIEWER = "stand-in"


async def decide_all(store: Store, campaign: str) -> Counter[ReviewAction]:
    """Decide about every draft that waits."""
    desk = Desk(store, campaign)
    desk.refresh()
    done: Counter[ReviewAction] = Counter()
    for item in list(desk.listed(DeskFilter(), REVIEWER)):
        review = _review(store, item)
        await store.decide(review, item.waiting.text_hash, item.decisions)
        done[review.action] += 1
    return done


def _review(store: Store, item: DeskItem) -> Review:
    shown = draft_to_review(store, item.waiting)
    assert shown is not None  # nobody else changes the store meanwhile
    if item.waiting.status is DraftStatus.READY:
        return accept(shown.item, REVIEWER)
    return reject(shown.item, REVIEWER, RejectReason.OTHER)

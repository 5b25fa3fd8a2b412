"""Accepting many ready drafts at once, after people have read some of them that were drawn by lot.

The sample says how good the rest is: it is the same for everybody, and the rest is accepted only where no larger share
of the sample was rejected than the risk that the campaign states.
"""

from __future__ import annotations

from dataclasses import dataclass

from miniatures.datamodel.draft import DraftStatus
from miniatures.datamodel.errors import InputError
from miniatures.datamodel.hashing import content_hash
from miniatures.datamodel.miniature import Score
from miniatures.datamodel.review import Review
from miniatures.datamodel.standing import State
from miniatures.measure.statistics import wilson
from miniatures.review.desk import Desk
from miniatures.review.desk_filter import DeskFilter, Order, Show
from miniatures.review.desk_item import DeskItem
from miniatures.review.queue import draft_to_review
from miniatures.review.reviewing import accept
from miniatures.store.decide import Outcome
from miniatures.store.store import Store

SAMPLE = 30
"""Drafts that people read first."""


@dataclass(frozen=True)
class Bulk:
    """The ready drafts of a campaign: those that are read first, and those that may then be accepted unread."""

    risk: float | None
    sample: tuple[DeskItem, ...]
    rest: tuple[DeskItem, ...]

    @property
    def read(self) -> list[DeskItem]:
        """Those of the sample about which somebody has decided."""
        return [item for item in self.sample if not item.waits]

    @property
    def unread(self) -> list[DeskItem]:
        return [item for item in self.sample if item.waits]

    @property
    def rejected(self) -> Score:
        """The share of the sample that people would not send, as far as they have read."""
        return wilson(sum(item.state in _NOT_SENT for item in self.read), len(self.read))

    @property
    def edited(self) -> Score:
        """The share of the sample that people had to mend."""
        return wilson(sum(item.state is State.EDITED for item in self.read), len(self.read))

    @property
    def digest(self) -> str:
        """Names exactly this sample and rest, each draft with its text."""
        return content_hash([[one.id, one.waiting.text_hash, one.state] for one in (*self.sample, *self.rest)])

    @property
    def why_not(self) -> str:
        """Why the rest cannot be accepted at once, in a sentence; empty if it can."""
        share = self.rejected.share
        if not self.rest:
            return "All ready drafts are among those that are read first, so none is left to accept unread."
        if self.risk is None:
            return "The campaign states no risk: say `ready: {risk: 0.1}` in its file, or any other share, and run it."
        if self.unread:
            return f"{len(self.unread)} of the {len(self.sample)} drafts that were drawn have not been read yet."
        if share is not None and share > self.risk:
            return (
                f"{self.rejected.passed} of the {len(self.read)} drafts that were read were rejected, {share:.0%}, "
                f"and the campaign allows {self.risk:.0%}: the rest has to be read as well."
            )
        return ""


_NOT_SENT = (State.REJECTED, State.NEEDS_REVIEW)


def bulk_of(desk: Desk, risk: float | None, sample: int = SAMPLE) -> Bulk:
    """The ready drafts by lot: the first are read, the others are the rest."""
    everybody = desk.listed(DeskFilter(show=Show.ALL, order=Order.DRAWN), "")
    open_to_all = (item for item in everybody if item.waits or item.decided_by)
    ready = [item for item in open_to_all if item.waiting.status is DraftStatus.READY and not item.unread]
    return Bulk(risk, tuple(ready[:sample]), tuple(item for item in ready[sample:] if item.waits))


async def accept_rest(store: Store, bulk: Bulk, reviewer: str) -> dict[Outcome, int]:
    """Accept the rest; returns how many were accepted, and how many were not because something changed meanwhile.

    Raises:
        InputError: the sample does not allow it; says why.
    """
    if bulk.why_not:
        raise InputError(bulk.why_not.rstrip("."), hint="Read drafts one by one until then.")
    outcomes = dict.fromkeys(Outcome, 0)
    for item in bulk.rest:
        review = _acceptance(store, item, reviewer, len(bulk.read))
        kept = Outcome.CHANGED_MEANWHILE
        if review is not None:
            kept = await store.decide(review, item.waiting.text_hash, item.decisions)
        outcomes[kept] += 1
    return outcomes


def _acceptance(store: Store, item: DeskItem, reviewer: str, read: int) -> Review | None:
    shown = draft_to_review(store, item.waiting)
    if shown is None or shown.draft.text_hash != item.waiting.text_hash:
        return None
    review = accept(shown.item, reviewer, f"accepted with others, after {read} drawn by lot were read")
    return review.model_copy(update={"unread": True})

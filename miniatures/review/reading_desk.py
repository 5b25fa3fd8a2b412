"""Which drafts wait for a reader, in the order that was drawn, under names that tell nothing of how they were made."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from miniatures.datamodel.draft import DraftStatus
from miniatures.datamodel.hashing import text_hash
from miniatures.review.desk import Desk
from miniatures.review.desk_filter import DeskFilter, Show
from miniatures.review.desk_item import DeskItem
from miniatures.review.done import Done
from miniatures.store.store import WRITTEN


class Which(StrEnum):
    """Which drafts are read."""

    READY = "ready"
    NEEDS_REVIEW = "needs_review"
    ALL = "all"

    @property
    def statuses(self) -> tuple[DraftStatus, ...]:
        """The statuses of those drafts."""
        return WRITTEN if self is Which.ALL else (DraftStatus(self.value),)


def to_read(desk: Desk, which: Which) -> list[DeskItem]:
    """The first emails to prospects, read or not, in the order that was drawn: readings are shares of those."""
    items = desk.listed(DeskFilter(show=Show.ALL), "")[:]
    return [item for item in items if _is_first_to_somebody(item) and item.waiting.status in which.statuses]


def _is_first_to_somebody(item: DeskItem) -> bool:
    return item.waiting.prospect is not None and item.waiting.step == 0


def unread(items: Iterable[DeskItem], done: Done, reader: str) -> list[DeskItem]:
    """Those that this reader has not read."""
    return [item for item in items if not is_read(item, done, reader)]


def is_read(item: DeskItem, done: Done, reader: str) -> bool:
    """Whether this reader has read the draft's text."""
    waiting = item.waiting
    return done.has_read(reader, waiting.prospect or "", waiting.id, waiting.text_hash)


def sheet_name(item: DeskItem) -> str:
    """What a reader knows the draft by: it stands for this very text, and not for the call that wrote it."""
    return text_hash(f"read {item.id} {item.waiting.text_hash}")[:32]


def following(items: list[DeskItem], after: str) -> list[DeskItem]:
    """The drafts in the order in which they follow one (by its sheet's name), from the top again at the end."""
    if not after:
        return items
    start = next((place for place, item in enumerate(items) if sheet_name(item) == after), -1) + 1
    return [*items[start:], *items[:start]]


def find_sheet(desk: Desk, name: str) -> DeskItem | None:
    """The draft that readers know by this name, read or not; None if it is another text by now, or gone."""
    return next((item for item in to_read(desk, Which.ALL) if sheet_name(item) == name), None)

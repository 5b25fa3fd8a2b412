"""The drafts that pass a filter, in its order: kept from one look to the next, and mended by what has changed."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import overload

from miniatures.review.desk_filter import Order, Place, Test, place_in
from miniatures.review.desk_item import DeskItem

_MOST_MENDED = 500


@dataclass(frozen=True)
class Listing(Sequence[DeskItem]):
    """The drafts that passed a filter; each is looked up as it is asked for, and what is gone meanwhile is left out."""

    places: Sequence[Place]
    find: Callable[[str], DeskItem | None]

    def __len__(self) -> int:
        return len(self.places)

    @overload
    def __getitem__(self, place: int) -> DeskItem: ...
    @overload
    def __getitem__(self, place: slice) -> list[DeskItem]: ...
    def __getitem__(self, place: int | slice) -> DeskItem | list[DeskItem]:
        if isinstance(place, slice):
            return [item for _, id in self.places[place] if (item := self.find(id)) is not None]
        item = self.find(self.places[place][1])
        if item is None:
            raise IndexError(place)
        return item

    def __iter__(self) -> Iterator[DeskItem]:
        return (item for _, id in self.places if (item := self.find(id)) is not None)

    def place_of(self, item: DeskItem, order: Order) -> int | None:
        """Where a draft stands, from 0; None if it did not pass."""
        at = bisect_left(self.places, place_in(order, item))
        return at if at < len(self.places) and self.places[at][1] == item.id else None


@dataclass
class View:
    """The places of what passes a filter, as of so many changes."""

    places: list[Place]
    changes: int

    def mended(self, changes: list[str], items: dict[str, DeskItem], tests: Sequence[Test], order: Order) -> bool:
        """Bring it up to date; False if too much has changed for that, or a draft is gone."""
        new = dict.fromkeys(changes[self.changes :])
        if len(new) > _MOST_MENDED or not all(draft in items for draft in new):
            return False
        self.places = list(self.places) if new else self.places
        for draft in new:
            place, item = place_in(order, items[draft]), items[draft]
            at = bisect_left(self.places, place)
            passes = all(test(item) for test in tests)
            is_there = at < len(self.places) and self.places[at] == place
            if is_there and not passes:
                del self.places[at]
            elif not is_there and passes:
                self.places.insert(at, place)
        self.changes = len(changes)
        return True

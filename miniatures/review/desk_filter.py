"""What a reviewer asks of the queue, and in which order: which drafts pass, and where each stands."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any

from pydantic import Field

from miniatures.datamodel.frozen import Frozen
from miniatures.datamodel.standing import State
from miniatures.review.desk_item import DeskItem

Test = Callable[[DeskItem], bool]
Place = tuple[tuple[Any, ...], str]
"""Where a draft stands in an order: its key, then its id."""


class Show(StrEnum):
    """Which drafts of a campaign are listed."""

    WAITING = "waiting"
    """Nobody has decided about them, and whoever asks has not set them aside."""
    SET_ASIDE = "set_aside"
    DECIDED = "decided"
    ALL = "all"


class Order(StrEnum):
    """What comes first."""

    DRAWN = "drawn"
    """By lot, the same at each look, so that no reviewer reads the list from its top."""
    DOUBT = "doubt"
    """The one that is likeliest wrong."""
    SURE = "sure"
    """The one that is least likely wrong."""
    NEWEST = "newest"


class DeskFilter(Frozen):
    """What a reviewer asked for."""

    show: Show = Show.WAITING
    state: State | None = Field(default=None, description="Only drafts that stand so.")
    check: str = Field(default="", description="Only drafts that this check did not pass.")
    arm: str = Field(default="", description="Only drafts of this backend.")
    reviewer: str = Field(default="", description="Only drafts about which this reviewer decided.")
    doubt: float = Field(default=0.0, ge=0, le=1, description="Only drafts with at least so much doubt.")
    search: str = Field(default="", max_length=200, description="In name, company and subject.")
    order: Order = Order.DRAWN


def place_in(order: Order, item: DeskItem) -> Place:
    """Where a draft stands in an order."""
    return _KEYS[order](item), item.id


def tests_of(asked: DeskFilter, who: str) -> list[Test]:
    """What a draft has to pass: only what was asked for is looked at."""
    tests: list[Test] = []
    match asked.show:
        case Show.WAITING:
            tests.append(lambda item: item.waits and who not in item.set_aside_by)
        case Show.SET_ASIDE:
            tests.append(lambda item: item.waits and who in item.set_aside_by)
        case Show.DECIDED:
            tests.append(lambda item: bool(item.decided_by))
        case Show.ALL:
            pass
    if asked.state is not None:
        tests.append(lambda item: item.stands is asked.state)
    if asked.check:
        tests.append(lambda item: asked.check in item.failed)
    if asked.arm:
        tests.append(lambda item: item.backend == asked.arm)
    if asked.reviewer:
        tests.append(lambda item: asked.reviewer in item.decided_by)
    if asked.doubt:
        tests.append(lambda item: item.doubt >= asked.doubt)
    tests += [lambda item, word=word: word in item.searched for word in asked.search.lower().split()]  # type: ignore[misc]
    return tests


_KEYS: dict[Order, Callable[[DeskItem], tuple[Any, ...]]] = {
    Order.DRAWN: lambda item: (item.lot,),
    Order.DOUBT: lambda item: (-item.doubt, -len(item.failed), item.revision),
    Order.SURE: lambda item: (item.doubt, len(item.failed), item.revision),
    Order.NEWEST: lambda item: (-item.revision,),
}

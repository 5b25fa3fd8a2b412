"""The desk: all drafts of a campaign as one list that is filtered, searched and ordered without reading a document.

It is kept in memory, a small line a draft, and brought up to date by what was saved since: a page of the queue costs no
reading of drafts, however many there are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from threading import Lock
from typing import Any

from pydantic import Field

from miniatures.datamodel.frozen import Frozen
from miniatures.datamodel.hashing import text_hash
from miniatures.datamodel.review import Review
from miniatures.datamodel.standing import State
from miniatures.review.desk_item import DeskItem, desk_item
from miniatures.store.store import Store


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


_LOOK_BACK_NS = 120 * 10**9


class Desk:
    """The drafts of one campaign. Any thread may ask; one at a time brings it up to date."""

    def __init__(self, store: Store, campaign: str) -> None:
        self._store = store
        self.campaign = campaign
        self._revision = -1
        self._known: set[str] = set()
        self._by_draft: dict[str, DeskItem] = {}
        self._by_prospect: dict[str, str] = {}
        self._ordered: dict[Order, list[DeskItem]] = {}
        self._lock = Lock()

    def refresh(self) -> bool:
        """Take in what was saved since; returns whether that was anything."""
        with self._lock:
            first = self._revision < 0
            drafts = self._take_drafts()
            changed = self._take_all_reviews() if first else self._take_reviews(drafts)
            if changed:
                self._ordered.clear()
            return changed

    def __len__(self) -> int:
        return len(self._by_draft)

    def item(self, draft: str) -> DeskItem | None:
        """The line of a draft; None if there is none, or another has taken its place."""
        return self._by_draft.get(draft)

    def listed(self, asked: DeskFilter, who: str) -> list[DeskItem]:
        """The drafts that pass the filter, for whoever asks, in its order."""
        passes = _predicate(asked, who)
        return [item for item in self._in_order(asked.order) if passes(item)]

    def next_after(self, draft: str | None, asked: DeskFilter, who: str, held: Iterable[str] = ()) -> DeskItem | None:
        """The draft that follows one in the filter's order, from the top again at its end; None if no other is left.

        Those that are held are left to whoever holds them.
        """
        listed = self._in_order(asked.order)
        passes, taken = _predicate(asked, who), {*held, draft}
        start = next((place for place, item in enumerate(listed) if item.id == draft), -1) + 1
        following = (*range(start, len(listed)), *range(start))
        return next(
            (listed[place] for place in following if listed[place].id not in taken and passes(listed[place])), None
        )

    def counts(self, who: str) -> Counter[str]:
        """How many drafts there are to show, and how many stand where."""
        counted: Counter[str] = Counter()
        for show in Show:
            passes = _predicate(DeskFilter(show=show), who)
            counted[show] = sum(map(passes, self._by_draft.values()))
        counted.update(f"state {item.state}" for item in self._by_draft.values())
        return counted

    def choices(self) -> dict[str, list[str]]:
        """The checks, backends and reviewers that a filter can name."""
        items = self._by_draft.values()
        return {
            "check": sorted({check for item in items for check in item.failed}),
            "arm": sorted({item.backend for item in items if item.backend}),
            "reviewer": sorted({name for item in items for name in item.decided_by}),
        }

    def _in_order(self, order: Order) -> Sequence[DeskItem]:
        if order not in self._ordered:
            self._ordered[order] = sorted(self._by_draft.values(), key=_KEYS[order])
        return self._ordered[order]

    def _take_drafts(self) -> set[str]:
        """The prospects, or drafts without one, about which something was saved."""
        changed: set[str] = set()
        while page := self._store.drafts_since(self.campaign, self._revision):
            for revision, waiting, document in page:
                self._revision = max(self._revision, revision)
                owner = waiting.prospect or waiting.id
                before = self._by_prospect.get(owner)
                if before is not None and before != waiting.id:
                    self._by_draft.pop(before, None)
                self._by_prospect[owner] = waiting.id
                self._by_draft[waiting.id] = desk_item(revision, waiting, document)
                changed.add(owner)
        self._revision = max(self._revision, 0)
        return changed

    def _take_all_reviews(self) -> bool:
        for prospect, reviews in self._store.reviews_by_prospect(self.campaign):
            self._rule(prospect, reviews)
            self._known |= {review.id for review in reviews if review.id > _moment_before(reviews[-1].id)}
        self._forget_old()
        return True

    def _take_reviews(self, changed: set[str]) -> bool:
        """Ids are in the order in which reviews were made, not saved, so the last minutes are looked through again."""
        since = _moment_before(max(self._known, default=""))
        for review in self._store.reviews_since(self.campaign, since):
            if review.id not in self._known:
                self._known.add(review.id)
                changed.add(review.prospect or "")
        self._forget_old()
        for prospect in changed & self._by_prospect.keys():
            self._rule(prospect, self._store.reviews_to(self.campaign, prospect))
        return bool(changed)

    def _rule(self, prospect: str, reviews: list[Review]) -> None:
        draft = self._by_prospect.get(prospect)
        if draft is not None:
            self._by_draft[draft] = self._by_draft[draft].after(reviews)

    def _forget_old(self) -> None:
        since = _moment_before(max(self._known, default=""))
        self._known = {review for review in self._known if review > since}


def _moment_before(id: str) -> str:
    """The least id of two minutes before this one was made."""
    made = int(id[:16], 16) if id else 0
    return f"{max(0, made - _LOOK_BACK_NS):016x}"


def _predicate(asked: DeskFilter, who: str) -> Callable[[DeskItem], bool]:
    """Whether a draft passes, as one function made of what was asked for, so that nothing else is looked at."""
    tests: list[Callable[[DeskItem], bool]] = []
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
        tests.append(lambda item: item.state is asked.state)
    if asked.check:
        tests.append(lambda item: asked.check in item.failed)
    if asked.arm:
        tests.append(lambda item: item.backend == asked.arm)
    if asked.reviewer:
        tests.append(lambda item: asked.reviewer in item.decided_by)
    if asked.doubt:
        tests.append(lambda item: item.doubt >= asked.doubt)
    tests += [lambda item, word=word: item.found_by(word) for word in asked.search.lower().split()]  # type: ignore[misc]
    return lambda item: all(test(item) for test in tests)


_KEYS: dict[Order, Callable[[DeskItem], Any]] = {
    Order.DRAWN: lambda item: text_hash(f"0 {item.waiting.prospect or item.id}"),
    Order.DOUBT: lambda item: (-item.doubt, -len(item.failed), item.revision),
    Order.SURE: lambda item: (item.doubt, len(item.failed), item.revision),
    Order.NEWEST: lambda item: -item.revision,
}

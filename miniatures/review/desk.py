"""The desk: all drafts of a campaign as one list that is filtered, searched and ordered without reading a document.

It is kept in memory, a small line a draft, and brought up to date by what was saved since: a page of the queue costs no
reading of drafts, however many there are.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import chain, islice
from threading import Lock
from typing import NamedTuple

from miniatures.datamodel.review import Review
from miniatures.datamodel.standing import Dispatch, State
from miniatures.review.desk_filter import DeskFilter, Order, Place, Show, place_in, tests_of
from miniatures.review.desk_item import DeskItem, desk_item
from miniatures.review.desk_view import Listing, View
from miniatures.store.store import Store

_LOOK_BACK = timedelta(minutes=2)
_VIEWS = 32


class Desk:
    """The drafts of one campaign. Any thread may ask; one at a time brings it up to date."""

    def __init__(self, store: Store, campaign: str) -> None:
        self._store = store
        self.campaign = campaign
        self.version = 0
        """Grows whenever something is new."""
        self._revision = -1
        self._reviews: set[str] = set()
        self._by_draft: dict[str, DeskItem] = {}
        self._newest: dict[str, str] = {}
        """The draft that stands in each place: a prospect's first email, or a follow-up."""
        self._last_step = 0
        self._tally: Counter[_Kind] = Counter()
        self._orders: dict[Order, list[Place]] = {}
        self._views: dict[tuple[DeskFilter, str], View] = {}
        self._changes: list[str] = []
        self._lock = Lock()
        self._listed: Container[str] | None = None
        self._dispatches: Mapping[tuple[str, int], Dispatch] = {}

    def refresh(self) -> bool:
        """Take in what was saved since; returns whether that was anything."""
        with self._lock:
            first, before = self._revision < 0, len(self._changes)
            drafts = self._take_drafts()
            if first:
                self._take_all_reviews()
            else:
                self._take_reviews(drafts)
            changed = first or len(self._changes) > before
            self.version += changed
            return changed

    def __len__(self) -> int:
        return len(self._by_draft)

    @property
    def state(self) -> object:
        """What differs as soon as a result or a word on a draft is new."""
        return self.version, self._revision

    def item(self, draft: str) -> DeskItem | None:
        """The line of a draft; None if there is none, or another has taken its place."""
        return self._by_draft.get(draft)

    def limit_to(self, listed: Container[str] | None) -> None:
        """Show only drafts to these prospects (by key): whoever is off the list is offered to nobody. None: to all."""
        with self._lock:
            if listed is not self._listed:
                self._listed = listed
                self._views.clear()
                self._tally = Counter(self._kind(item) for item in self._by_draft.values())
                self.version += 1

    def items(self) -> list[DeskItem]:
        """All drafts, those to prospects off the list included."""
        with self._lock:
            return list(self._by_draft.values())

    def hear(self, dispatches: Mapping[tuple[str, int], Dispatch]) -> None:
        """Take in what became of the emails, by prospect (key) and step."""
        with self._lock:
            self._dispatches = dispatches
            moved = [one for one in self._by_draft.values() if one.dispatch != dispatches.get(one.key)]
            for item in moved:
                self._put(item)
            self.version += bool(moved)

    def forget(self, draft: str) -> None:
        """Leave out a draft that the store no longer holds."""
        with self._lock:
            self._drop(draft)
            self.version += 1

    def listed(self, asked: DeskFilter, who: str) -> Listing:
        """The drafts that pass the filter, for whoever asks, in its order."""
        with self._lock:
            return Listing(self._view(asked, who).places, self._by_draft.get)

    def next_after(self, draft: str | None, asked: DeskFilter, who: str, held: Iterable[str] = ()) -> DeskItem | None:
        """The draft that follows one in the filter's order, from the top again at its end; None if no other is left.

        Those that are held are left to whoever holds them.
        """
        with self._lock:
            places = self._view(asked, who).places
            taken = {*held, draft}
            at = self._by_draft.get(draft) if draft else None
            start = 0 if at is None else bisect_right(places, place_in(asked.order, at))
            following = chain(islice(places, start, None), islice(places, start))
            return next((self._by_draft[id] for _, id in following if id not in taken), None)

    def counts(self, who: str) -> Counter[str]:
        """How many drafts there are to show, and how many stand where."""
        counted: Counter[str] = Counter(dict.fromkeys(Show, 0))
        for kind, number in self._kinds():
            aside = who in kind.set_aside_by
            counted[Show.ALL] += number
            if kind.decided_by or not kind.state.is_settled:
                counted[Show.DECIDED if kind.decided_by else Show.SET_ASIDE if aside else Show.WAITING] += number
            counted[f"state {kind.state}"] += number
        return counted

    def choices(self) -> dict[str, list[str]]:
        """The checks, backends and reviewers that a filter can name."""
        kinds = [kind for kind, _ in self._kinds()]
        return {
            "check": sorted({check for kind in kinds for check in kind.failed}),
            "arm": sorted({kind.backend for kind in kinds if kind.backend}),
            "reviewer": sorted({name for kind in kinds for name in kind.decided_by}),
        }

    def _view(self, asked: DeskFilter, who: str) -> View:
        """The places of what passes a filter, kept from the last time and mended by what has changed since."""
        asked = DeskFilter(**asked.model_dump(include=set(DeskFilter.model_fields)))
        tests, view = [self._is_listed, *tests_of(asked, who)], self._views.pop((asked, who), None)
        if view is None or not view.mended(self._changes, self._by_draft, tests, asked.order):
            found = self._to_look_through(asked, who)
            for test in tests:
                found = [place for place in found if test(self._by_draft[place[1]])]
            view = View(list(found), len(self._changes))
        self._views[asked, who] = view
        if len(self._views) > _VIEWS:
            self._views.pop(next(iter(self._views)))
        return view

    def _to_look_through(self, asked: DeskFilter, who: str) -> Sequence[Place]:
        """Where the drafts stand that may pass: of a search, those that pass all else that was asked for."""
        if asked.search:
            return self._view(asked.model_copy(update={"search": ""}), who).places
        return self._in_order(asked.order)

    def _in_order(self, order: Order) -> list[Place]:
        if order not in self._orders:
            self._orders[order] = sorted(place_in(order, item) for item in self._by_draft.values())
        return self._orders[order]

    def _kinds(self) -> list[tuple[_Kind, int]]:
        """What is counted of the drafts that are shown, and how many there are of each."""
        with self._lock:
            return [(kind, number) for kind, number in self._tally.items() if kind.is_listed]

    def _kind(self, item: DeskItem) -> _Kind:
        return _Kind(self._is_listed(item), item.stands, item.failed, item.backend, item.decided_by, item.set_aside_by)

    def _is_listed(self, item: DeskItem) -> bool:
        return self._listed is None or item.waiting.prospect is None or item.waiting.prospect in self._listed

    def _count(self, item: DeskItem, by: int) -> None:
        kind = self._kind(item)
        self._tally[kind] += by
        if not self._tally[kind]:
            del self._tally[kind]

    def _put(self, item: DeskItem) -> None:
        before, item = self._by_draft.get(item.id), replace(item, dispatch=self._dispatches.get(item.key))
        if before is not None:
            self._count(before, -1)
            if before.revision != item.revision:  # It stands elsewhere by now.
                self._views.clear()
        if before is None or before.revision != item.revision:
            for order, places in self._orders.items():
                if before is not None:
                    places.remove(place_in(order, before))
                insort(places, place_in(order, item))
        self._by_draft[item.id] = item
        self._count(item, 1)
        self._changes.append(item.id)

    def _drop(self, draft: str) -> None:
        item = self._by_draft.pop(draft, None)
        if item is not None:
            self._count(item, -1)
            for order, places in self._orders.items():
                places.remove(place_in(order, item))
            self._changes.append(draft)

    def _take_drafts(self) -> set[str]:
        """The prospects, or drafts without one, about which something was saved. A follow-up takes no other's place."""
        changed: set[str] = set()
        while page := self._store.saved_since(self.campaign, self._revision):
            for saved in page:
                self._revision = max(self._revision, saved.revision)
                owner = saved.prospect or (saved.draft.id if saved.draft else "")
                step = saved.draft.step if saved.draft else 0
                self._last_step = max(self._last_step, step)
                place = _place(owner, step)
                before = self._newest.pop(place, None)
                if before is not None and (saved.draft is None or saved.draft.id != before):
                    self._drop(before)
                if saved.draft is not None:
                    self._newest[place] = saved.draft.id
                    self._put(desk_item(saved.revision, saved.draft, saved.document))
                changed.add(owner)
        self._revision = max(self._revision, 0)
        return changed

    def _take_all_reviews(self) -> None:
        self._reviews = self._store.review_ids(self.campaign)
        for prospect, reviews in self._store.reviews_by_prospect(self.campaign):
            self._rule(prospect, reviews)

    def _take_reviews(self, changed: set[str]) -> None:
        """Most of what is new was made in the last minutes. Where that is not all, as one was long on its way or made
        by another clock, all ids are looked through.
        """
        for review, prospect, _ in self._store.reviews_made_since(self.campaign, self._store.now() - _LOOK_BACK):
            if review not in self._reviews:
                self._reviews.add(review)
                changed.add(prospect or "")
        if self._store.review_count(self.campaign) != len(self._reviews):
            there = self._store.review_ids(self.campaign)
            late = self._store.reviews_named(there - self._reviews)
            changed |= {review.prospect or "" for review in late}
            self._reviews = there
        for prospect in changed & self._newest.keys():
            self._rule(prospect, self._store.reviews_to(self.campaign, prospect))

    def _rule(self, prospect: str, reviews: list[Review]) -> None:
        for step in range(self._last_step + 1):
            if draft := self._newest.get(_place(prospect, step)):
                self._put(self._by_draft[draft].after(reviews))


def _place(owner: str, step: int) -> str:
    return f"{owner}+{step}" if step else owner


class _Kind(NamedTuple):
    """All of a draft that is counted."""

    is_listed: bool
    state: State
    failed: tuple[str, ...]
    backend: str
    decided_by: frozenset[str]
    set_aside_by: frozenset[str]

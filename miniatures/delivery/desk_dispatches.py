"""Tells a desk what became of its emails, as often as that changes and the store can bear."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import islice
from threading import Lock

from miniatures.datamodel.standing import Dispatch
from miniatures.delivery.dispatch import dispatch_of
from miniatures.delivery.standing import against_of
from miniatures.review.desk import Desk
from miniatures.review.desk_item import DeskItem
from miniatures.store.mail.posted import PAGE
from miniatures.store.store import Store

_REST = 10
"""How much longer than a look takes the store is left in peace after it: a large campaign that is being sent changes
all the time."""


class DeskDispatches:
    """Looks up the emails of one desk. Any thread may ask; one at a time does the work."""

    def __init__(self, store: Store, campaign: str, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` counts seconds."""
        self._store = store
        self._campaign = campaign
        self._clock = clock
        self._known: tuple[object, ...] = ()
        self._rests_until = 0.0
        self._lock = Lock()

    def bring_up(self, desk: Desk) -> None:
        """Let the desk hear what has become of its emails since, unless that was looked up a moment ago."""
        with self._lock:
            began = self._clock()
            if self._known and began < self._rests_until:
                return
            known = (*self._store.mail.posted.signature(self._campaign), len(desk))
            if known != self._known:
                desk.hear(dict(self._looked_up(iter(desk.items()))))
                self._known = known
                self._rests_until = self._clock() + _REST * (self._clock() - began)

    def _looked_up(self, items: Iterator[DeskItem]) -> Iterator[tuple[tuple[str, int], Dispatch]]:
        against = against_of(self._store, self._campaign)
        while page := list(islice(items, PAGE)):
            posted = self._store.mail.posted.to(self._campaign, {item.key[0] for item in page})
            for item in page:
                prospect, step = item.key
                found = dispatch_of(step, posted[prospect], item.state, item.email, against)
                if found is not None:
                    yield item.key, found

"""The pairs of one campaign and two arms as a list that each reviewer goes through in the order that was drawn.

The list is small lines in memory. It is found anew when a reviewer has come to its end, or asks for what is not on it,
and something was saved since; what is shown and what is decided about comes from the store each time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from threading import Lock

from miniatures.datamodel.prospect import Prospect
from miniatures.inputs.campaign import LoadedCampaign
from miniatures.review.arms import Arms
from miniatures.review.done import Done
from miniatures.review.pair_lines import PairLine, load_pair, pair_lines
from miniatures.review.queue import PairToReview
from miniatures.store.store import Store


@dataclass(frozen=True)
class PairOnDesk:
    """A pair, and the id that a reviewer sends back with the choice."""

    id: str
    pair: PairToReview


class PairDesk:
    """Pairs of answers. `version` is any number that differs once something new was saved."""

    def __init__(self, store: Store, loaded: LoadedCampaign, arms: Arms, done: Done) -> None:
        self.loaded = loaded
        self._store = store
        self._arms = arms
        self._done = done
        self._lines: dict[str, PairLine] = {}
        self._found_at: int | None = None
        self._lock = Lock()

    def next_for(self, reviewer: str, version: int, after: str = "") -> PairOnDesk | None:
        """The pair that follows one (by id) among those they have not compared, from the top again at the end."""
        with self._lock:
            self._done.refresh()
            found = self._first_there(reviewer, after)
            if found is None and self._find_anew(version):
                found = self._first_there(reviewer, after)
            return found

    def find(self, id: str, version: int) -> PairOnDesk | None:
        """The pair of this id, whoever has compared it; None if an answer is another by now, or gone."""
        with self._lock:
            if id not in self._lines:
                self._find_anew(version)
            line = self._lines.get(id)
        pair = None if line is None else load_pair(self._store, self.loaded.name, line)
        return None if pair is None else PairOnDesk(id, pair)

    def last_of(self, reviewer: str, version: int) -> str | None:
        """The id of the pair that the reviewer compared last, if it is one of these."""
        with self._lock:
            self._done.refresh()
            self._find_anew(version)
            last = self._done.last_compared(reviewer)
            return next((line.id for line in self._lines.values() if line.both == last), None)

    def all_for(self, reviewer: str) -> list[PairToReview]:
        """All pairs that the reviewer has not compared, in their order."""
        with self._lock:
            self._done.refresh()
            self._find_anew(0)
            found = (load_pair(self._store, self.loaded.name, line) for line in self._waiting(reviewer))
            return [pair for pair in found if pair is not None]

    def waiting(self, reviewer: str, version: int = 0) -> int:
        """How many pairs the reviewer has not compared."""
        with self._lock:
            if self._found_at is None:
                self._done.refresh()
                self._find_anew(version)
            return sum(1 for _ in self._waiting(reviewer))

    def __len__(self) -> int:
        return len(self._lines)

    def _first_there(self, reviewer: str, after: str) -> PairOnDesk | None:
        """The next pair whose answers are there as they were; those that are not are left out from now on."""
        waiting = list(self._waiting(reviewer))
        order = list(self._lines)
        start = order.index(after) + 1 if after in self._lines else 0
        before = set(order[:start])
        for line in sorted(waiting, key=lambda one: (one.id in before, one.id == after)):
            pair = load_pair(self._store, self.loaded.name, line)
            if pair is not None:
                return PairOnDesk(line.id, pair)
            del self._lines[line.id]
        return None

    def _waiting(self, reviewer: str) -> Iterator[PairLine]:
        return (line for line in self._lines.values() if not self._done.has_compared(reviewer, line.both))

    def _find_anew(self, version: int) -> bool:
        """Look through the store, unless nothing was saved since; returns whether it was looked through."""
        if self._found_at == version:
            return False
        listed = {row.key for row in self.loaded.prospects() if isinstance(row, Prospect)}
        lines = pair_lines(self._store, self.loaded.name, self._arms, listed)
        self._lines = {line.id: line for line in lines}
        self._found_at = version
        return True

"""Counts one run while it goes on: prospects by how they were settled, and the tokens and cost of its model calls."""

from __future__ import annotations

import time
from collections import Counter

from miniatures.datamodel.backend import Bill
from miniatures.datamodel.draft import DraftStatus
from miniatures.datamodel.prospect import BadRow
from miniatures.datamodel.trace import Span, Trace
from miniatures.store.tracing import TraceSink

_BAD_ROWS_KEPT = 100


class BadRows:
    """The rows of a list that are left out: how many, and the first hundred."""

    def __init__(self) -> None:
        self.count = 0
        self.first: list[BadRow] = []

    def note(self, row: BadRow) -> None:
        self.count += 1
        if len(self.first) < _BAD_ROWS_KEPT:
            self.first.append(row)


class Tally:
    """How many prospects were settled, and how. `total` is None while the source's length is unknown."""

    def __init__(self) -> None:
        self.total: int | None = None
        self.by_status: Counter[DraftStatus] = Counter()
        self.reused = 0
        self.bad_rows = BadRows()
        self._started = time.perf_counter()

    @property
    def done(self) -> int:
        return self.by_status.total()

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self._started


class Meter:
    """A trace sink that adds up what passes through it. The cost is None once any call's cost is unknown."""

    def __init__(self, sink: TraceSink) -> None:
        self._sink = sink
        self.bill = Bill()

    def record(self, entry: Trace | Span) -> None:
        if isinstance(entry, Trace):
            self.bill += entry.bill
        self._sink.record(entry)

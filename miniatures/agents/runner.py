"""Works through a stream of items, many in flight: each is claimed, done and settled, and the end is always in order.

Campaigns, synthesis and evaluation are such streams. A stop lets what is in flight finish and starts nothing more. A
spent budget of one backend halts the items that cannot do without it, and nothing else; that of the campaign, a backend
that will never answer, or one that fails for one item after another ends the run.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, Protocol, TypeVar

from miniatures.backends.errors import (
    AuthenticationFailed,
    BackendError,
    MissingExtra,
    MissingKey,
    UnknownModel,
    UnknownSpec,
)
from miniatures.datamodel.errors import BudgetReached, InputError, MiniaturesError, StoreError, first_of

_FAILURES_IN_A_ROW = 20

# The same question to the same backend would fail for every item alike.
_HOPELESS = (MissingKey, MissingExtra, AuthenticationFailed, UnknownModel, UnknownSpec)

Item = TypeVar("Item")
Done = TypeVar("Done")


class RunOutcome(StrEnum):
    """How a run ended."""

    COMPLETED = "completed"
    BUDGET_REACHED = "budget_reached"
    INTERRUPTED = "interrupted"
    BACKEND_UNAVAILABLE = "backend_unavailable"


@dataclass(frozen=True)
class RunEnd:
    """How a run ended, and the error that ended it early, if one did."""

    outcome: RunOutcome
    error: MiniaturesError | None = None


class Work(Protocol[Item, Done]):
    """What a run is made of."""

    def claim(self) -> AsyncIterator[Item]:
        """The items to do, one after the other; what an earlier run did is settled on the way."""
        ...

    def needs(self, item: Item) -> frozenset[str]:
        """The backends, by identity, that the item cannot do without."""
        ...

    async def do(self, item: Item) -> Done:
        """Do the item. Whatever it raises is `failed`'s, or ends the run."""
        ...

    async def failed(self, item: Item, error: Exception) -> Done:
        """What is settled for an item that could not be done; raises what is to end the run."""
        ...

    async def settle(self, item: Item, done: Done) -> None:
        """Keep what came of it; durable when this returns."""
        ...


class Runner(Generic[Item, Done]):
    """One run over one stream of work."""

    def __init__(self, work: Work[Item, Done], *, concurrency: int, stop: asyncio.Event | None = None) -> None:
        self._work = work
        self._concurrency = concurrency
        self._stop = stop or asyncio.Event()
        self._halted_by: MiniaturesError | None = None
        self._spent: dict[str, BudgetReached] = {}
        self._left_some = False
        self._failures_in_a_row = 0

    async def run(self) -> RunEnd:
        """Work until the stream ends or the run is ended.

        Raises:
            StoreError, InputError: what was found cannot be kept, or what a person wrote is wrong.
        """
        feed, turn = self._work.claim(), asyncio.Lock()
        try:
            with _libraries_uncollected():
                async with asyncio.TaskGroup() as workers:
                    for _ in range(self._concurrency):
                        workers.create_task(self._follow(feed, turn))
        except BaseExceptionGroup as group:
            raise first_of(group) from None
        return self._end()

    async def _follow(self, feed: AsyncIterator[Item], turn: asyncio.Lock) -> None:
        while True:
            async with turn:
                item = None if self._finishing else await anext(feed, None)
            if item is None:
                return
            if self._finishing or not self._spent.keys().isdisjoint(self._work.needs(item)):
                self._left_some = True
            else:
                await self._settle(item)

    async def _settle(self, item: Item) -> None:
        try:
            done = await self._work.do(item)
        except BudgetReached as error:
            self._left_some = True
            if error.backend is None:
                self._halted_by = self._halted_by or error
            else:
                self._spent.setdefault(error.backend, error)
            return
        except (StoreError, InputError):
            raise
        except _HOPELESS as error:
            self._left_some = True
            self._halted_by = self._halted_by or error
            return
        except Exception as error:  # One item's trouble, foreseen or not, is not the others'.
            self._note_failure(error)
            done = await self._work.failed(item, error)
        else:
            self._failures_in_a_row = 0
        await self._work.settle(item, done)

    def _note_failure(self, error: Exception) -> None:
        """A backend that fails for one item after another is down: stop asking it."""
        if isinstance(error, BackendError):
            self._failures_in_a_row += 1
            if self._failures_in_a_row >= _FAILURES_IN_A_ROW:
                self._halted_by = self._halted_by or error

    @property
    def _finishing(self) -> bool:
        return self._stop.is_set() or self._halted_by is not None

    def _end(self) -> RunEnd:
        error = self._halted_by or next(iter(self._spent.values()), None)
        match error:
            case BudgetReached():
                return RunEnd(RunOutcome.BUDGET_REACHED, error)
            case None:
                left = self._left_some or self._stop.is_set()
                return RunEnd(RunOutcome.INTERRUPTED if left else RunOutcome.COMPLETED)
            case _:
                return RunEnd(RunOutcome.BACKEND_UNAVAILABLE, error)


@contextmanager
def _libraries_uncollected() -> Iterator[None]:
    """Spare the garbage collector what is there already, mostly imported code: a tenth of a run's processor time.

    Where another run or the application has done so, it is theirs to end.
    """
    if gc.get_freeze_count():
        yield
        return
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()

"""What a run does to the process that it runs in."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator

from miniatures.agents.runner import Runner, RunOutcome


class _Watching:
    """One item; notes whether the collector leaves alone what was there before."""

    frozen = 0

    async def claim(self) -> AsyncIterator[str]:
        yield "item"

    def needs(self, item: str) -> frozenset[str]:
        return frozenset()

    async def do(self, item: str) -> str:
        self.frozen = gc.get_freeze_count()
        return item

    async def failed(self, item: str, error: Exception) -> str:
        raise error

    async def settle(self, item: str, done: str) -> None:
        pass


async def test_the_collector_is_given_back_as_it_was() -> None:
    work = _Watching()
    assert (await Runner(work, concurrency=1).run()).outcome is RunOutcome.COMPLETED
    assert (work.frozen > 0, gc.get_freeze_count()) == (True, 0)


async def test_what_the_application_froze_stays_frozen() -> None:
    gc.freeze()
    try:
        await Runner(_Watching(), concurrency=1).run()
        assert gc.get_freeze_count() > 0
    finally:
        gc.unfreeze()

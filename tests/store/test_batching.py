"""The thread that serves many tasks at once: order, groups, failures, and tasks and loops that went away."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

import pytest

from miniatures.datamodel.errors import StoreError
from miniatures.store.batching import LARGEST_GROUP, BatchThread


class Echo:
    """Answers with the work itself, and keeps the groups; fails on the word it is told."""

    def __init__(self, bad: object = None) -> None:
        self.groups: list[list[object]] = []
        self.bad = bad
        self.go = threading.Event()
        self.go.set()

    def __call__(self, group: list[object]) -> Sequence[object]:
        self.go.wait()
        self.groups.append(group)
        if self.bad is not None and self.bad in group:
            raise StoreError("it broke", hint="mend it")
        return group


async def test_each_task_gets_its_own_answer_and_order_is_kept() -> None:
    echo = Echo()
    thread = BatchThread("echo", echo, gather_s=0.001)
    assert await asyncio.gather(*(thread.ask(number) for number in range(5000))) == list(range(5000))
    thread.close()
    assert [work for group in echo.groups for work in group] == list(range(5000))
    assert max(map(len, echo.groups)) <= LARGEST_GROUP


async def test_a_failure_that_is_not_final_reaches_its_group_only() -> None:
    thread = BatchThread("echo", Echo(bad="bad"))
    with pytest.raises(StoreError, match="it broke"):
        await thread.ask("bad")
    assert await thread.ask("good") == "good"
    thread.close()


async def test_a_final_failure_reaches_all_who_wait_and_all_who_come() -> None:
    echo = Echo(bad="bad")
    echo.go.clear()
    thread = BatchThread("echo", echo, fatal=True)
    waiting = [asyncio.create_task(thread.ask(work)) for work in ("first", "bad", "last")]
    await asyncio.sleep(0.05)
    late = asyncio.create_task(thread.ask("queued later"))
    await asyncio.sleep(0)
    echo.go.set()
    failures = await asyncio.wait_for(asyncio.gather(*waiting, late, return_exceptions=True), 10)
    assert sum(isinstance(failure, StoreError) for failure in failures) >= 3
    assert all(isinstance(failure, StoreError) or failure == "first" for failure in failures)
    with pytest.raises(StoreError, match="it broke"):
        await thread.ask("after")
    with pytest.raises(StoreError, match="it broke"):
        thread.put("after")
    thread.close()


def test_closing_tells_what_was_lost_with_nobody_waiting() -> None:
    thread = BatchThread("echo", Echo(bad=2), fatal=True, idle_s=60)
    for number in range(3):
        thread.put(number)
    with pytest.raises(StoreError, match="it broke; 3 entries were not saved"):
        thread.close()


async def test_an_unexpected_error_is_told_and_not_swallowed() -> None:
    def broken(group: list[int]) -> list[int]:
        raise ZeroDivisionError("by zero")

    thread = BatchThread("broken", broken)
    with pytest.raises(StoreError, match="ZeroDivisionError: by zero"):
        await thread.ask(1)
    thread.close()


async def test_a_task_that_gave_up_disturbs_nobody() -> None:
    echo = Echo()
    echo.go.clear()
    thread = BatchThread("echo", echo)
    gone, stays = (asyncio.create_task(thread.ask(word)) for word in ("gone", "stays"))
    await asyncio.sleep(0.02)
    gone.cancel()
    echo.go.set()
    assert await stays == "stays"
    assert gone.cancelled() or gone.cancelling()
    thread.close()


def test_a_loop_that_is_gone_disturbs_nobody() -> None:
    echo = Echo()
    echo.go.clear()
    thread = BatchThread("echo", echo)

    async def leave() -> None:
        task = asyncio.create_task(thread.ask("gone"))
        await asyncio.sleep(0.02)
        task.cancel()

    asyncio.run(leave())
    echo.go.set()
    assert asyncio.run(_ask(thread)) == "here"
    thread.close()


async def _ask(thread: BatchThread[object]) -> object:
    return await thread.ask("here")

"""The limit on calls in flight: across tasks, threads and event loops, and never lost to a cancelled call."""

from __future__ import annotations

import asyncio
import threading

import pytest

from miniatures.backends.errors import ServerFailed
from miniatures.backends.wrappers.limited import LimitedBackend
from tests.backends.wrappers.scripted import ScriptedBackend, StreamingBackend


async def test_no_more_than_the_limit_run_at_once() -> None:
    backend = ScriptedBackend(seconds=0.005)
    limited = LimitedBackend(backend, max_concurrency=3)
    await asyncio.gather(*(limited.ainvoke("hi") for _ in range(20)))
    assert (backend.calls, backend.most_running) == (20, 3)


def test_it_holds_across_threads_and_loops() -> None:
    backend = ScriptedBackend(seconds=0.005)
    limited = LimitedBackend(backend, max_concurrency=2)

    async def several() -> None:
        await asyncio.gather(*(limited.ainvoke("hi") for _ in range(5)))

    threads = [threading.Thread(target=lambda: asyncio.run(several())) for _ in range(3)]
    threads += [threading.Thread(target=lambda: limited.invoke("hi")) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert (backend.calls, backend.most_running) == (20, 2)


async def test_a_cancelled_waiter_keeps_no_slot() -> None:
    backend = ScriptedBackend(seconds=0.2)
    limited = LimitedBackend(backend, max_concurrency=1)
    first = asyncio.create_task(limited.ainvoke("hi"))
    await asyncio.sleep(0.01)
    waiters = [asyncio.create_task(limited.ainvoke("hi")) for _ in range(3)]
    await asyncio.sleep(0.01)
    for waiter in waiters:
        waiter.cancel()
    await first
    await asyncio.wait_for(limited.ainvoke("hi"), 1)
    assert backend.calls == 2


async def test_cancelling_at_the_moment_of_the_turn_loses_nothing() -> None:
    limited = LimitedBackend(ScriptedBackend(), max_concurrency=1)
    async with limited.slots.held():
        waiter = asyncio.create_task(limited._agenerate([]))
        await asyncio.sleep(0)
    waiter.cancel()  # the slot is its own already, and it does not know yet
    await asyncio.gather(waiter, return_exceptions=True)
    assert waiter.cancelled()
    await asyncio.wait_for(limited.ainvoke("hi"), 1)


async def test_failures_give_their_slot_back() -> None:
    limited = LimitedBackend(ScriptedBackend(script=lambda _: ServerFailed("no")), max_concurrency=1)
    for _ in range(3):
        with pytest.raises(ServerFailed):
            await asyncio.wait_for(limited.ainvoke("hi"), 1)


async def test_a_stream_holds_its_slot_until_it_is_closed() -> None:
    backend = StreamingBackend()
    limited = LimitedBackend(backend, max_concurrency=1)
    stream = limited._astream([])
    await anext(stream)
    waiting = asyncio.create_task(limited.ainvoke("hi"))
    await asyncio.sleep(0.02)
    assert not waiting.done()
    await stream.aclose()
    assert (await asyncio.wait_for(waiting, 1)).text == "one two"
    assert backend.closed == 1


def test_sync_streams_come_through() -> None:
    limited = LimitedBackend(StreamingBackend(), max_concurrency=1)
    for _ in range(2):
        assert "".join(chunk.text for chunk in limited.stream("hi")) == "one two"

"""What every wrapper gets from its base: one `around`, and calls of all four kinds, whose ends it sees."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import AsyncIterator
from contextvars import ContextVar
from typing import Any

import pytest
from langchain_core.outputs import ChatGenerationChunk, ChatResult

from miniatures.backends.errors import ServerFailed
from miniatures.backends.wrappers.call import Call
from miniatures.backends.wrappers.limited import LimitedBackend
from miniatures.backends.wrappers.wrapper import WrappedBackend
from tests.backends.wrappers.scripted import ScriptedBackend, StreamingBackend

asked_by: ContextVar[str] = ContextVar("asked_by", default="nobody")


class Watching(WrappedBackend):
    """Notes how each call ends, and what kind of part it heard."""

    ends: list[str] = []
    heard: list[type] = []
    callers: list[str] = []

    async def around(self, call: Call) -> None:
        self.callers.append(asked_by.get())
        try:
            await asyncio.sleep(0)
            await call.heard_by(lambda part: self.heard.append(type(part))).ask(self.inner)
        except BaseException as error:
            self.ends.append(type(error).__name__)
            await asyncio.sleep(0)
            raise
        self.ends.append("whole")


def watching(inner: ScriptedBackend | None = None) -> Watching:
    return Watching(Watching(inner or StreamingBackend(), ends=[], heard=[], callers=[]), ends=[], heard=[], callers=[])


def read(backend: Watching, kind: str) -> Any:
    if kind == "plain":
        return backend.invoke("hi").text
    return "".join(chunk.text for chunk in backend.stream("hi"))


async def aread(backend: Watching, kind: str) -> Any:
    if kind == "plain":
        return (await backend.ainvoke("hi")).text
    return "".join([chunk.text async for chunk in backend.astream("hi")])


@pytest.mark.parametrize("kind", ["plain", "stream"])
async def test_one_around_serves_all_four_kinds(kind: str) -> None:
    for sync in (True, False):
        backend = watching()
        assert (await asyncio.to_thread(read, backend, kind) if sync else await aread(backend, kind)) == "one two"
        assert backend.ends == backend.inner.ends == ["whole"]
        assert backend.heard == backend.inner.heard == [ChatResult] if kind == "plain" else [ChatGenerationChunk] * 3


@pytest.mark.parametrize("kind", ["plain", "stream"])
async def test_a_backend_without_streams_gives_its_answer_as_one_chunk(kind: str) -> None:
    assert await aread(watching(ScriptedBackend()), kind) == await asyncio.to_thread(
        read, watching(ScriptedBackend()), kind
    )


@pytest.mark.parametrize("kind", ["plain", "stream"])
async def test_a_call_that_cannot_await_works_within_a_running_loop_too(kind: str) -> None:
    backend = watching()
    asked_by.set("somebody")
    assert read(backend, kind) == "one two"
    assert backend.callers == ["somebody"]


@pytest.mark.parametrize("kind", ["plain", "stream"])
async def test_a_failure_is_seen_by_all_and_comes_out(kind: str) -> None:
    for sync in (True, False):
        backend = watching(StreamingBackend(script=lambda _: ServerFailed("no")))
        with pytest.raises(ServerFailed):
            await asyncio.to_thread(read, backend, kind) if sync else await aread(backend, kind)
        assert backend.ends == backend.inner.ends == ["ServerFailed"]


async def test_an_abandoned_stream_has_ended_everywhere_when_its_close_returns() -> None:
    engine = StreamingBackend()
    backend = watching(engine)
    stream = backend._astream([])
    await anext(stream)
    await stream.aclose()
    assert backend.ends == backend.inner.ends == ["CancelledError"]
    assert (engine.running, engine.closed) == (0, 1)
    never_read = backend._astream([])
    await never_read.aclose()
    assert engine.calls == 1


@pytest.mark.parametrize("within_a_loop", [True, False])
async def test_so_has_one_that_is_read_without_await(within_a_loop: bool) -> None:
    engine = StreamingBackend()
    backend = watching(engine)

    def look() -> None:
        stream = backend._stream([])
        next(stream)
        stream.close()

    look() if within_a_loop else await asyncio.to_thread(look)
    assert backend.ends == backend.inner.ends == ["CancelledError"]
    assert (engine.running, engine.closed) == (0, 1)


@pytest.mark.parametrize("kind", ["plain", "stream"])
async def test_cancellation_reaches_the_engine(kind: str) -> None:
    engine = StreamingBackend(seconds=30)
    backend = watching(engine)
    task = asyncio.create_task(aread(backend, kind))
    await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 5)
    assert backend.ends == backend.inner.ends == ["CancelledError"]
    assert engine.running == 0


async def test_what_a_wrapper_sets_is_not_seen_by_the_reader() -> None:
    class Setting(WrappedBackend):
        async def around(self, call: Call) -> None:
            token = asked_by.set("the wrapper")
            try:
                await call.ask(self.inner)
            finally:
                asked_by.reset(token)

    backend = Setting(Watching(StreamingBackend(), ends=[], heard=[], callers=[]))
    assert [asked_by.get() async for _ in backend._astream([])] == ["nobody"] * 3
    assert await asyncio.to_thread(lambda: [asked_by.get() for _ in backend._stream([])]) == ["nobody"] * 3
    assert (await backend._agenerate([]), asked_by.get())[1] == "nobody"
    assert backend.inner.callers == ["the wrapper"] * 3


def test_an_interrupt_ends_the_wait_for_a_slot() -> None:
    limited = LimitedBackend(ScriptedBackend(), max_concurrency=1)
    taken, release = threading.Event(), threading.Event()

    async def hold() -> None:
        async with limited.slots.held():
            taken.set()
            await asyncio.to_thread(release.wait)

    holder = threading.Thread(target=lambda: asyncio.run(hold()))
    holder.start()
    assert taken.wait(30)
    ctrl_c = threading.Timer(0.5, signal.pthread_kill, [threading.main_thread().ident, signal.SIGINT])
    with pytest.raises(KeyboardInterrupt):
        ctrl_c.start()
        limited.invoke("hi")
    release.set()
    holder.join(5)
    assert limited.invoke("hi").text == "one two"


async def test_an_engine_s_stream_may_be_any_async_iterator() -> None:
    class Iterates(StreamingBackend):
        def _astream(self, *args: Any, **kwargs: Any) -> AsyncIterator[ChatGenerationChunk]:
            chunks = iter(self._chunks("one two"))

            class Once:
                def __aiter__(self) -> Any:
                    return self

                async def __anext__(self) -> ChatGenerationChunk:
                    for chunk in chunks:
                        return chunk
                    raise StopAsyncIteration

            return Once()

    assert await aread(watching(Iterates()), "stream") == "one two"

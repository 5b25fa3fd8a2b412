"""Retries: what passes is tried again, what never will is not, and there is an end."""

from __future__ import annotations

import time

import pytest

from miniatures.backends.errors import AuthenticationFailed, BadRequest, MalformedAnswer, RateLimited, ServerFailed
from miniatures.backends.wrappers.retrying import RetryingBackend, RetryPolicy
from tests.backends.wrappers.scripted import ScriptedBackend, StreamingBackend, failing

QUICK = RetryPolicy(attempts=3, first_wait_s=0.001, longest_wait_s=0.002)


async def test_an_error_that_passes_is_survived() -> None:
    backend = ScriptedBackend(script=failing(2, ServerFailed("busy")))
    assert (await RetryingBackend(backend, policy=QUICK).ainvoke("hi")).text == "one two"
    assert backend.calls == 3


def test_sync_calls_are_retried_too() -> None:
    backend = ScriptedBackend(script=failing(1, MalformedAnswer("no json")))
    assert RetryingBackend(backend, policy=QUICK).invoke("hi").text == "one two"
    assert backend.calls == 2


async def test_it_stops_and_says_the_last_error() -> None:
    backend = ScriptedBackend(script=lambda call: ServerFailed(f"failure {call}"))
    with pytest.raises(ServerFailed, match="failure 2"):
        await RetryingBackend(backend, policy=QUICK).ainvoke("hi")
    assert backend.calls == 3


@pytest.mark.parametrize("error", [AuthenticationFailed("no"), BadRequest("bad"), ValueError("a bug")])
async def test_what_never_passes_is_asked_once(error: Exception) -> None:
    backend = ScriptedBackend(script=lambda _: error)
    with pytest.raises(type(error)):
        await RetryingBackend(backend, policy=QUICK).ainvoke("hi")
    assert backend.calls == 1


async def test_the_server_s_wish_is_kept() -> None:
    backend = ScriptedBackend(script=failing(1, RateLimited("slow down", retry_after_s=0.2)))
    started = time.perf_counter()
    await RetryingBackend(backend, policy=QUICK).ainvoke("hi")
    assert time.perf_counter() - started >= 0.2


async def test_a_wish_beyond_the_deadline_ends_it_at_once() -> None:
    backend = ScriptedBackend(script=failing(1, RateLimited("slow down", retry_after_s=3600)))
    started = time.perf_counter()
    with pytest.raises(RateLimited):
        await RetryingBackend(backend, policy=QUICK.model_copy(update={"deadline_s": 5})).ainvoke("hi")
    assert time.perf_counter() - started < 1


def test_backoff_doubles_within_its_bounds() -> None:
    policy = RetryPolicy(first_wait_s=1, longest_wait_s=10)
    for attempt, bound in [(1, 1), (2, 2), (3, 4), (4, 8), (5, 10), (9, 10)]:
        waits = {policy.wait_s(attempt, ServerFailed("busy")) for _ in range(50)}
        assert len(waits) > 40, "no jitter"
        assert all(bound / 2 <= wait <= bound for wait in waits)


async def test_a_stream_is_begun_again() -> None:
    backend = StreamingBackend(script=failing(1, ServerFailed("busy")))
    chunks = [chunk.text async for chunk in RetryingBackend(backend, policy=QUICK).astream("hi")]
    assert "".join(chunks) == "one two"
    assert backend.calls == 2


@pytest.mark.parametrize("kind", ["sync", "async"])
async def test_a_stream_that_breaks_is_never_continued(kind: str) -> None:
    backend = StreamingBackend(breaks_after=1, failure=ServerFailed("cut"))
    retrying, read = RetryingBackend(backend, policy=QUICK), []
    with pytest.raises(ServerFailed):
        if kind == "sync":
            read.extend(chunk.text for chunk in retrying.stream("hi"))
        else:
            read.extend([chunk.text async for chunk in retrying.astream("hi")])
    assert backend.calls == 1
    assert backend.running == 0

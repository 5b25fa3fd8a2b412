"""A model server that hangs, drops, babbles or refuses: the right typed error each time, in bounded time."""

from __future__ import annotations

import asyncio
import email.utils
import socket
import time

import pytest

from miniatures.backends.errors import (
    AuthenticationFailed,
    BackendError,
    BadRequest,
    ConnectionRefused,
    ContextOverflow,
    MalformedAnswer,
    OutOfMemory,
    RateLimited,
    ServerFailed,
    TimedOut,
    UnknownModel,
)
from miniatures.backends.teacher import TeacherBackend
from miniatures.backends.wrappers.retrying import RetryPolicy
from miniatures.backends.wrappers.wrap import dress
from miniatures.datamodel.campaign import BackendSettings
from tests.chaos.unruly_server import (
    Behaviour,
    answers,
    drips,
    drops_mid_answer,
    error,
    hangs,
    sends,
    status,
    streams,
    unruly,
)

KEY = "sk-very-secret-key-0123456789"
QUICK = RetryPolicy(attempts=3, first_wait_s=0.05, deadline_s=8)


def backend_at(url: str, timeout_s: float = 10) -> TeacherBackend:
    return TeacherBackend(model="openai/m", api_base=url, api_key=KEY, timeout_s=timeout_s)


ONE_CALL: list[tuple[str, Behaviour, type[BackendError]]] = [
    ("wrong key", error(401, f"Incorrect API key provided: {KEY}", "invalid_api_key"), AuthenticationFailed),
    ("forbidden", error(403, "not yours"), AuthenticationFailed),
    ("no credit", error(429, "You exceeded your quota", "insufficient_quota"), AuthenticationFailed),
    ("no such model", error(404, "The model m does not exist", "model_not_found"), UnknownModel),
    ("bad option", error(400, "temperature must be at most 2"), BadRequest),
    ("unprocessable", error(422, "messages: field required"), BadRequest),
    ("too long", error(400, "maximum context is 8192 tokens", "context_length_exceeded"), ContextOverflow),
    ("rate limit", error(429, "slow down", "rate_limit_exceeded"), RateLimited),
    ("internal error", error(500, "boom"), ServerFailed),
    ("bad gateway page", status(502, "<html>bad gateway</html>"), ServerFailed),
    ("out of memory", error(503, "no memory left", "out_of_memory"), OutOfMemory),
    ("gateway time-out", error(504, "upstream"), TimedOut),
    ("no HTTP at all", sends(b"\x00\x01 what is this\r\n\r\n"), ServerFailed),
    ("closes at once", sends(b""), ServerFailed),
    ("drops mid-answer", drops_mid_answer, ServerFailed),
    ("no JSON", status(200, "this is not json"), MalformedAnswer),
    ("other JSON", status(200, {"hello": 1}), MalformedAnswer),
    ("no choices", status(200, {"id": "x", "object": "chat.completion", "model": "m", "choices": []}), MalformedAnswer),
]


@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize(("behaviour", "expected"), [case[1:] for case in ONE_CALL], ids=[case[0] for case in ONE_CALL])
async def test_each_fault_has_its_error(behaviour: Behaviour, expected: type[BackendError], kind: str) -> None:
    with unruly(behaviour) as server, pytest.raises(BackendError) as caught:
        backend = backend_at(server.url)
        await (asyncio.to_thread(backend.invoke, "hi") if kind == "sync" else backend.ainvoke("hi"))
    assert type(caught.value) is expected
    assert caught.value.hint
    assert "openai/m" in caught.value.message or expected is MalformedAnswer
    assert KEY not in f"{caught.value.message} {caught.value.hint} {caught.value!r}"
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__, "the original's text may quote the key"
    assert len(server.calls) == 1, "litellm retried by itself"


async def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed_at_once:
        port = closed_at_once.getsockname()[1]
    with pytest.raises(ConnectionRefused, match="cannot be reached") as caught:
        await backend_at(f"http://127.0.0.1:{port}/v1").ainvoke("hi")
    assert "address" in caught.value.hint


@pytest.mark.parametrize("behaviour", [hangs(), drips], ids=["hangs", "drips"])
async def test_a_server_that_never_answers_is_given_up_in_time(behaviour: Behaviour) -> None:
    with unruly(behaviour) as server:
        started = time.monotonic()
        with pytest.raises(TimedOut, match=r"within 0\.5 s"):
            await backend_at(server.url, timeout_s=0.5).ainvoke("hi")
        assert time.monotonic() - started < 2


def test_sync_calls_are_given_up_too() -> None:
    with unruly(hangs()) as server:
        started = time.monotonic()
        with pytest.raises(TimedOut):
            backend_at(server.url, timeout_s=0.5).invoke("hi")
        assert time.monotonic() - started < 2


@pytest.mark.parametrize(
    ("header", "low", "high"),
    [
        ({"Retry_After": "7"}, 7, 7),
        ({"Retry_After": email.utils.formatdate(time.time() + 7200)}, 3600, 7201),  # collected long before it runs
        ({}, None, None),
    ],
    ids=["seconds", "date", "none"],
)
async def test_the_wish_of_a_429_is_read(header: dict[str, str], low: float | None, high: float | None) -> None:
    with unruly(error(429, "slow down", **header)) as server, pytest.raises(RateLimited) as caught:
        await backend_at(server.url).ainvoke("hi")
    wish = caught.value.retry_after_s
    assert wish is None if low is None or high is None else low <= (wish or 0) <= high


BROKEN_STREAMS: list[tuple[str, Behaviour, type[BackendError]]] = [
    ("ends in the middle", streams("Hel", "lo", ends=False), ServerFailed),
    ("turns to garbage", streams("Hel", ends=False, then=b"data: {not json\n\n"), MalformedAnswer),
    ("is refused", error(429, "slow down"), RateLimited),
]


@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize(
    ("behaviour", "expected"), [case[1:] for case in BROKEN_STREAMS], ids=[case[0] for case in BROKEN_STREAMS]
)
async def test_a_broken_stream_is_never_a_finished_answer(
    behaviour: Behaviour, expected: type[BackendError], kind: str
) -> None:
    with unruly(behaviour) as server, pytest.raises(BackendError) as caught:
        backend = backend_at(server.url)
        if kind == "sync":
            await asyncio.to_thread(lambda: list(backend.stream("hi")))
        else:
            _ = [chunk async for chunk in backend.astream("hi")]
    assert type(caught.value) is expected


async def test_a_whole_stream_says_how_it_ended_and_what_it_used() -> None:
    with unruly(streams("Hel", "lo")) as server:
        whole = None
        async for chunk in backend_at(server.url).astream("hi"):
            whole = chunk if whole is None else whole + chunk
    assert whole is not None
    assert (whole.text, whole.response_metadata["finish_reason"]) == ("Hello", "stop")
    assert whole.usage_metadata is not None
    assert whole.usage_metadata["total_tokens"] == 9
    assert whole.usage_metadata["input_token_details"]["cache_read"] == 3


@pytest.mark.slow
async def test_failures_that_pass_are_survived_with_pauses() -> None:
    with unruly(error(500, "boom"), sends(b""), answers()) as server:
        backend = dress(backend_at(server.url), settings=BackendSettings(use="x"), retry=QUICK)
        assert (await backend.ainvoke("hi")).text == "Hello there"
    assert len(server.calls) == 3
    first, second = (later - earlier for earlier, later in zip(server.calls, server.calls[1:], strict=False))
    assert first >= 0.025
    assert second >= 0.05


@pytest.mark.slow
@pytest.mark.parametrize(
    ("behaviour", "calls"),
    [(error(500, "boom"), 3), (drops_mid_answer, 3), (error(429, "slow", Retry_After="60"), 1), (error(401, "no"), 1)],
    ids=["500", "drops", "429 beyond the deadline", "401"],
)
async def test_failures_that_stay_come_to_an_end(behaviour: Behaviour, calls: int) -> None:
    with unruly(behaviour) as server:
        backend = dress(backend_at(server.url), settings=BackendSettings(use="x"), retry=QUICK)
        started = time.monotonic()
        with pytest.raises(BackendError):
            await backend.ainvoke("hi")
        assert time.monotonic() - started < 5
    assert len(server.calls) == calls


@pytest.mark.slow
async def test_a_429_is_asked_again_after_its_wish() -> None:
    with unruly(error(429, "slow down", Retry_After="1"), answers()) as server:
        backend = dress(backend_at(server.url), settings=BackendSettings(use="x"), retry=QUICK)
        assert (await backend.ainvoke("hi")).text == "Hello there"
    assert server.calls[1] - server.calls[0] >= 1


@pytest.mark.slow
async def test_many_calls_share_a_bad_server_in_bounded_time() -> None:
    with unruly(*[error(503, "busy")] * 10, answers()) as server:
        backend = dress(backend_at(server.url), settings=BackendSettings(use="x", max_concurrency=4), retry=QUICK)
        started = time.monotonic()
        results = await asyncio.gather(*(backend.ainvoke("hi") for _ in range(20)), return_exceptions=True)
        assert time.monotonic() - started < 15
    assert all(not isinstance(result, BaseException) or isinstance(result, ServerFailed) for result in results)
    assert sum(not isinstance(result, BaseException) for result in results) >= 14

"""The OpenAI-compatible endpoint, over real HTTP, asked by the OpenAI client where its shape matters."""

from __future__ import annotations

import asyncio
import json
import math
import queue
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import httpx
import openai
import pytest
import uvicorn
from langchain_core.outputs import ChatGenerationChunk, ChatResult

from miniatures.app.listener import PatientProtocol, Server, bound
from miniatures.app.serve import build_app, open_named, split_name
from miniatures.backends.base import Backend
from miniatures.backends.errors import (
    AuthenticationFailed,
    BackendError,
    BadRequest,
    BadSchema,
    ContextOverflow,
    OutOfMemory,
    RateLimited,
    ServerFailed,
    TimedOut,
    UnknownModel,
)
from miniatures.backends.spec import open_backend
from miniatures.datamodel.capabilities import Capabilities, CapabilitySettings, Grammar, Variant
from miniatures.datamodel.errors import InputError
from tests.backends.wrappers.scripted import ScriptedBackend, StreamingBackend

HI = [{"role": "user", "content": "hi"}]
JSON = {"Content-Type": "application/json"}


@contextmanager
def running(backends: dict[str, Backend], **options: Any) -> Iterator[str]:
    server = uvicorn.Server(
        uvicorn.Config(build_app(backends, **options), port=0, log_level="error", http=PatientProtocol)
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(10)


def client(url: str, key: str = "none") -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0, timeout=10)


def ask(url: str, **body: Any) -> httpx.Response:
    return httpx.post(f"{url}/v1/chat/completions", json={"model": "m", "messages": HI} | body)


def wait_until(condition: Any, seconds: float = 3) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    return bool(condition())


def test_a_chat() -> None:
    with running({"m": ScriptedBackend()}) as url:
        answer = client(url).chat.completions.create(model="m", messages=HI)
    assert (answer.object, answer.model) == ("chat.completion", "m")
    assert (answer.choices[0].message.content, answer.choices[0].finish_reason) == ("one two", "stop")
    assert answer.usage is not None
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens, answer.usage.total_tokens) == (10, 2, 12)
    assert answer.usage.prompt_tokens_details is not None
    assert answer.usage.prompt_tokens_details.cached_tokens == 4


@pytest.mark.parametrize("backend", [StreamingBackend(), ScriptedBackend()], ids=["streams", "answers whole"])
@pytest.mark.parametrize("wants_usage", [True, False])
def test_a_stream(backend: Backend, wants_usage: bool) -> None:
    with running({"m": backend}) as url:
        options = {"include_usage": wants_usage}
        chunks = list(client(url).chat.completions.create(model="m", messages=HI, stream=True, stream_options=options))
    texts = [chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices]
    reasons = [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices]
    assert "".join(texts) == "one two"
    assert reasons == [None] * (len(reasons) - 1) + ["stop"]
    assert chunks[0].choices[0].delta.role == "assistant"
    assert [chunk.usage.total_tokens for chunk in chunks if chunk.usage] == ([12] if wants_usage else [])
    assert len({chunk.id for chunk in chunks}) == 1


def test_every_option_reaches_the_backend() -> None:
    backend = ScriptedBackend()
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}}
    with running({"m": backend}) as url:
        ask(
            url,
            temperature=0.5,
            max_tokens=5,
            max_completion_tokens=7,
            seed=3,
            top_p=0.9,
            repetition_penalty=1.1,
            frequency_penalty=0.3,
            response_format={"type": "json_schema", "json_schema": {"name": "a", "schema": schema}},
        )
        ask(
            url,
            response_format={"type": "json_object"},
            top_p=1,
            n=1,
            presence_penalty=0,
            frequency_penalty=0,
            user="someone",
        )
    assert backend.seen == [
        {
            "temperature": 0.5,
            "max_tokens": 7,
            "seed": 3,
            "top_p": 0.9,
            "repetition_penalty": 1.1,
            "frequency_penalty": 0.3,
            "response_schema": schema,
        },
        {"response_schema": {"type": "object"}},
    ]


class Telling(StreamingBackend):
    """Says how probable its answers are, if asked."""

    capabilities: Capabilities = Capabilities(probability=True)
    probability: float = 0.25

    def _result(self, answer: str | BaseException) -> ChatResult:
        result = super()._result(answer)
        result.generations[0].message.response_metadata["probability"] = self.probability
        return result

    def _chunks(self, answer: str | BaseException) -> Iterator[ChatGenerationChunk]:
        *chunks, last = super()._chunks(answer)
        last.message.response_metadata["probability"] = self.probability
        yield from [*chunks, last]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("probability", "logprob"), [(0.25, math.log(0.25)), (0.0, -9999.0)])
def test_the_whole_answer_s_probability_is_told_as_that_of_one_token(
    stream: bool, probability: float, logprob: float
) -> None:
    backend = Telling(probability=probability, seen=[])
    with running({"m": backend}) as url:
        asked = client(url).chat.completions.create(
            model="m", messages=HI, logprobs=True, top_logprobs=0, stream=stream
        )
        told = [choice.logprobs for answer in (asked if stream else [asked]) for choice in answer.choices]
    assert told[:-1] == [None] * (len(told) - 1)
    assert told[-1] is not None and told[-1].content is not None
    assert told[-1].model_extra == {"granularity": "answer"}
    (token,) = told[-1].content
    assert (token.token, token.logprob, token.top_logprobs) == ("one two", logprob, [])
    assert backend.seen == [{"probability": True}]


@pytest.mark.parametrize(
    ("failure", "param"),
    [
        (UnknownModel("no such model"), "model"),
        (BadRequest("seed: cannot be kept", param="seed"), "seed"),
        (ContextOverflow("too long"), "messages"),
        (BadSchema("too large"), "response_format"),
        (ServerFailed("broke"), None),
    ],
)
def test_an_error_names_the_field_that_was_at_fault(failure: BackendError, param: str | None) -> None:
    with running({"m": ScriptedBackend(script=lambda _: failure)}) as url:
        assert ask(url).json()["error"]["param"] == param


def test_a_model_that_is_not_served_is_named_as_the_field() -> None:
    with running({"m": ScriptedBackend()}) as url:
        assert ask(url, model="other").json()["error"]["param"] == "model"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ([{"type": "text", "text": "a"}, {"type": "image_url", "image_url": {}}], "takes text alone, and no part of"),
        ([{"type": "text"}], "a part of the type 'text' needs a text"),
        (7, "messages.0.content: must be a text, or a list of parts"),
    ],
)
def test_a_message_that_is_no_text_is_told_so(content: object, told: str) -> None:
    with running({"m": ScriptedBackend()}) as url:
        error = ask(url, messages=[{"role": "user", "content": content}]).json()["error"]
    assert told in error["message"]
    assert "valid string" not in error["message"]
    assert error["param"].startswith("messages.0.content")


def test_several_answers_are_to_be_had_as_the_refusal_says() -> None:
    with running({"m": ScriptedBackend()}) as url:
        told = ask(url, n=2).json()["error"]["message"]
    assert "at a temperature above 0" in told
    assert "seed" not in told


async def test_a_client_of_ours_tells_one_cure_and_not_two() -> None:
    with running({"m": ScriptedBackend()}) as url, pytest.raises(BadRequest) as caught:
        await open_backend(f"openai-compatible:{url}/v1#m").ainvoke("hi", presence_penalty=1)
    assert caught.value.hint == "Leave it out."
    assert caught.value.message.endswith("use frequency_penalty or repetition_penalty")


@pytest.mark.parametrize("stream", [False, True])
def test_a_backend_that_cannot_tell_says_so(stream: bool) -> None:
    backend = ScriptedBackend(seen=[])
    with running({"m": backend}) as url:
        reply = ask(url, logprobs=True, stream=stream)
        assert ask(url, logprobs=False).json()["choices"][0]["logprobs"] is None
    assert (reply.status_code, reply.json()["error"]["type"]) == (400, "invalid_request_error")
    assert "m cannot tell how probable" in reply.json()["error"]["message"]
    assert backend.seen == [{}]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"n": 2}, "n: one request gets one answer here"),
        ({"presence_penalty": 1}, "presence_penalty: is not supported here: use frequency_penalty"),
        ({"top_logprobs": 3, "logprobs": True}, "top_logprobs: is not supported here"),
        ({"frequency": 1}, "frequency: this server knows no such parameter"),
        ({"stop": ["a"] * 5}, "stop"),
        ({"stop": "a" * 201}, "stop.0"),
        ({"stop": ""}, "stop.0"),
        ({"seed": 10**30}, "seed"),
        ({"max_tokens": 10**30}, "max_tokens"),
        ({"repetition_penalty": 10**300}, "repetition_penalty"),
        ({"top_logprobs": 5}, "top_logprobs"),
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "robot", "content": "hi"}]}, "messages.0.role"),
        ({"messages": [{"role": "user", "contents": "hi"}]}, "messages.0.content: Field required"),
        ({"messages": [{"role": "user", "content": None}]}, "messages.0.content: must be a text"),
        (
            {"messages": [{"role": "assistant", "content": "", "function_call": {"name": "x"}}]},
            "messages.0.function_call",
        ),
        ({"messages": [{"role": "user", "content": []}]}, "messages.0: its content holds no part"),
        ({"stream": "yes"}, "stream: Input should be a valid boolean"),
        ({"messages": ["hi"]}, "messages.0: must be an object"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}]}, "messages.0.content"),
        ({"temperature": 3}, "temperature"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"logit_bias": {"1": 5}}, "logit_bias"),
        ({"tools": [{"type": "function"}]}, "tools"),
        ({"functions": [{"name": "look"}]}, "functions"),
        ({"top_k": 5}, "top_k"),
        ({"response_format": {"type": "xml"}}, "response_format"),
        ({"response_format": {"type": "json_schema"}}, "response_format"),
    ],
)
def test_what_is_not_served_is_refused_by_name(body: dict[str, Any], field: str) -> None:
    backend = ScriptedBackend()
    with running({"m": backend}) as url:
        reply = ask(url, **body)
    assert reply.status_code == 400
    assert field in reply.json()["error"]["message"]
    assert reply.json()["error"]["param"].startswith(field.partition(":")[0])
    assert backend.calls == 0


def test_a_body_that_is_no_json() -> None:
    with running({"m": ScriptedBackend()}) as url:
        reply = httpx.post(f"{url}/v1/chat/completions", content=b"\xff{", headers=JSON)
    assert (reply.status_code, reply.json()["error"]["type"]) == (400, "invalid_request_error")


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (ContextOverflow("too long"), 400, "context_length_exceeded"),
        (BadRequest("bad schema"), 400, "invalid_request"),
        (OutOfMemory("no memory"), 503, "out_of_memory"),
        (RateLimited("slow", retry_after_s=9), 429, "rate_limit_exceeded"),
        (TimedOut("late"), 504, "timeout"),
        (ServerFailed("upstream"), 502, "backend_failed"),
        (AuthenticationFailed("upstream key"), 502, "backend_failed"),
        (RuntimeError("a bug with /secret/paths"), 500, "internal_error"),
    ],
)
def test_errors_have_their_status(error: Exception, status: int, code: str, stream: bool) -> None:
    with running({"m": StreamingBackend(script=lambda _: error)}) as url:
        reply = ask(url, stream=stream)
    assert (reply.status_code, reply.json()["error"]["code"]) == (status, code)
    assert "/secret" not in reply.text
    assert reply.headers.get("retry-after") == ("9" if status == 429 else None)


def test_an_unknown_model_is_404_and_says_which_there_are() -> None:
    with (
        running({"a": ScriptedBackend(), "b": ScriptedBackend()}) as url,
        pytest.raises(openai.NotFoundError) as caught,
    ):
        client(url).chat.completions.create(model="c", messages=HI)
    assert "Served are: a, b" in str(caught.value)


def test_a_stream_that_breaks_says_so_and_has_no_end_mark() -> None:
    with running({"m": StreamingBackend(breaks_after=1, failure=ServerFailed("cut"))}) as url:
        text = ask(url, stream=True).text
        assert "[DONE]" not in text
        assert json.loads(text.strip().splitlines()[-1].removeprefix("data: "))["error"]["code"] == "backend_failed"
        with pytest.raises(openai.APIError):
            list(client(url).chat.completions.create(model="m", messages=HI, stream=True))


@pytest.mark.parametrize("failure", [RuntimeError("a bug with /secret/paths"), KeyError("key")])
def test_a_stream_that_breaks_in_a_way_that_nobody_foresaw_says_so_too(failure: Exception) -> None:
    with running({"m": StreamingBackend(breaks_after=1, failure=failure)}) as url:
        text = ask(url, stream=True).text
    assert "[DONE]" not in text and "secret" not in text
    assert json.loads(text.strip().splitlines()[-1].removeprefix("data: "))["error"]["code"] == "internal_error"


@pytest.mark.parametrize("stream", [False, True])
def test_half_a_character_in_an_answer_or_an_error_stops_nothing(stream: bool) -> None:
    with running({"m": StreamingBackend(script=lambda _: "one \ud800 two")}) as url:
        assert "one ? two" in ask(url).text
        assert "[DONE]" in ask(url, stream=True).text
    with running({"m": StreamingBackend(script=lambda _: BadRequest("no \ud800"))}) as url:
        assert ask(url, stream=stream).json()["error"]["message"] == "no ?"


@pytest.mark.parametrize(("wish", "header"), [(0.4, "1"), (2.0, "2"), (math.inf, None)])
def test_a_wish_to_wait_is_whole_seconds(wish: float, header: str | None) -> None:
    with running({"m": ScriptedBackend(script=lambda _: RateLimited("slow", retry_after_s=wish))}) as url:
        assert ask(url).headers.get("retry-after") == header


def test_an_answer_can_be_handed_back_as_the_client_has_it() -> None:
    backend = ScriptedBackend(seen=[])
    with running({"m": backend}) as url:
        openai_client = client(url)
        answer = openai_client.chat.completions.create(model="m", messages=HI).choices[0].message
        for said in (answer, answer.model_dump() | {"parsed": None, "reasoning_content": "x", "name": "outreach"}):
            assert openai_client.chat.completions.create(model="m", messages=[*HI, said, *HI])
        refused = {"role": "assistant", "content": None, "refusal": "no"}
        assert openai_client.chat.completions.create(model="m", messages=[*HI, refused, *HI])


def test_one_model_is_retrieved_by_name() -> None:
    with running({"owner/model.v1": ScriptedBackend()}) as url:
        assert client(url).models.retrieve("owner/model.v1").owned_by == "miniatures"
        with pytest.raises(openai.NotFoundError, match=r"Served are: owner/model\.v1"):
            client(url).models.retrieve("other")


def test_a_penalty_that_an_engine_lacks_is_refused_by_name() -> None:
    backend = ScriptedBackend(capabilities=Capabilities(penalties=False))
    with running({"m": backend}) as url:
        assert ask(url, frequency_penalty=0).status_code == 200
        reply = ask(url, frequency_penalty=0.5)
    assert (reply.status_code, reply.json()["error"]["param"]) == (400, "frequency_penalty")


def test_several_models_by_name_and_health() -> None:
    with running(
        {"a": ScriptedBackend(script=lambda _: "I am a"), "b": ScriptedBackend(script=lambda _: "b here")}
    ) as url:
        assert [model.id for model in client(url).models.list()] == ["a", "b"]
        assert client(url).chat.completions.create(model="b", messages=HI).choices[0].message.content == "b here"
        assert httpx.get(f"{url}/health").json() == {"status": "ok"}


def test_the_key_is_asked_for() -> None:
    with running({"m": ScriptedBackend()}, api_key="right") as url:
        assert client(url, "right").models.list()
        with pytest.raises(openai.AuthenticationError):
            client(url, "wrong").chat.completions.create(model="m", messages=HI)
        assert httpx.get(f"{url}/v1/models").status_code == 401
        assert httpx.get(f"{url}/health").status_code == 200


def test_a_client_that_leaves_cancels_the_answer() -> None:
    backend = ScriptedBackend(seconds=30)
    with running({"m": backend}) as url:
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(f"{url}/v1/chat/completions", json={"model": "m", "messages": HI}, timeout=1)
        assert backend.calls == 1
        assert wait_until(lambda: backend.running == 0), "the backend went on generating"


def test_a_client_that_leaves_cancels_the_stream() -> None:
    backend = StreamingBackend(script=lambda _: "word " * 1000, seconds=0.02)
    body = {"model": "m", "messages": HI, "stream": True}
    with running({"m": backend}) as url:
        with httpx.stream("POST", f"{url}/v1/chat/completions", json=body) as reply:
            next(reply.iter_lines())
        assert wait_until(lambda: backend.running == 0), "the backend went on generating"


def test_a_client_that_leaves_before_the_first_piece_cancels_the_stream() -> None:
    backend = StreamingBackend(script=lambda _: "word", seconds=30)
    with running({"m": backend}) as url:
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(f"{url}/v1/chat/completions", json={"model": "m", "messages": HI, "stream": True}, timeout=1)
        assert backend.calls == 1
        assert wait_until(lambda: backend.running == 0), "the backend went on generating"


async def test_requests_run_side_by_side() -> None:
    backend = ScriptedBackend(seconds=0.5)
    with running({"m": backend}) as url:
        async with httpx.AsyncClient() as http:
            post = [http.post(f"{url}/v1/chat/completions", json={"model": "m", "messages": HI}) for _ in range(8)]
            replies = await asyncio.gather(*post)
    assert [reply.status_code for reply in replies] == [200] * 8
    assert backend.most_running > 4


@pytest.mark.parametrize(
    ("text", "name", "spec"),
    [
        ("local:smollm2-135m-instruct", "smollm2-135m-instruct", "local:smollm2-135m-instruct"),
        ("mine=local:base+runs/a", "mine", "local:base+runs/a"),
        ("local:/models/base.gguf+runs/outreach", "base+outreach", "local:/models/base.gguf+runs/outreach"),
        ("litellm:openai/gpt-4o", "gpt-4o", "litellm:openai/gpt-4o"),
        ("openai-compatible:http://h/v1?a=b#m", "m", "openai-compatible:http://h/v1?a=b#m"),
    ],
)
def test_names_of_specs(text: str, name: str, spec: str) -> None:
    assert split_name(text) == (name, spec)


def test_one_name_for_two_backends_is_refused() -> None:
    with pytest.raises(InputError, match="served as 'm'"):
        open_named(["m=local:a", "m=local:b"])


def test_a_model_s_entry_tells_how_it_may_be_asked() -> None:
    stated = Capabilities(variant=Variant.COMPACT, grammar=Grammar.GROUNDED, probability=True, languages=("en",))
    with running({"m": ScriptedBackend(capabilities=stated)}) as url:
        for entry in (httpx.get(f"{url}/v1/models").json()["data"][0], httpx.get(f"{url}/v1/models/m").json()):
            assert CapabilitySettings.model_validate(entry["capabilities"]).over(Capabilities()) == stated
            assert entry["backend"] == str(ScriptedBackend().identity)


@contextmanager
def stoppable(backend: Backend) -> Iterator[tuple[str, Callable[[], None]]]:
    """A server, and how it is told to stop as Ctrl-C tells it."""
    app = build_app({"m": backend})
    settings: dict[str, Any] = {"http": PatientProtocol, "log_level": "error", "timeout_graceful_shutdown": 5}
    ready: queue.Queue[int] = queue.Queue()
    with bound("127.0.0.1", 0) as listening:
        port = listening.getsockname()[1]
        server = Server(uvicorn.Config(app, **settings), lambda: ready.put(port), app.state.in_flight.stop)
        thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{ready.get(timeout=10)}", lambda: setattr(server, "should_exit", True)
        finally:
            server.should_exit = True
            thread.join(10)
            assert not thread.is_alive()


def test_a_stream_in_flight_ends_with_an_error_when_the_server_stops(caplog: pytest.LogCaptureFixture) -> None:
    backend = StreamingBackend(script=lambda _: "word " * 1000, seconds=0.02)
    started = time.monotonic()
    with stoppable(backend) as (url, stop):
        body = {"model": "m", "messages": HI, "stream": True}
        with httpx.stream("POST", f"{url}/v1/chat/completions", json=body) as reply:
            lines = reply.iter_lines()
            next(lines)
            stop()
            last = [line for line in lines if line][-1]
    assert json.loads(last.removeprefix("data: "))["error"]["code"] == "server_stopping"
    assert (backend.running, backend.closed) == (0, 1)
    assert time.monotonic() - started < 4
    assert [record.message for record in caplog.records] == ["the server stops: 1 answers in flight are given up"]


def test_an_answer_in_flight_is_refused_when_the_server_stops(caplog: pytest.LogCaptureFixture) -> None:
    backend = ScriptedBackend(seconds=30)
    with stoppable(backend) as (url, stop), ThreadPoolExecutor() as pool:
        reply = pool.submit(ask, url)
        assert wait_until(lambda: backend.calls == 1)
        stop()
        assert reply.result(5).status_code == 503
    assert reply.result().json()["error"]["message"] == "the server stops. Ask again when it is back."
    assert len(caplog.records) == 1

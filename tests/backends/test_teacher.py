"""API backends: names, keys, prices and what goes over the wire, against a real server on loopback."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from miniatures.backends.base import usage_of
from miniatures.backends.errors import BadRequest, MissingKey, UnknownModel, UnknownSpec
from miniatures.backends.spec import open_backend
from miniatures.backends.teacher import TeacherBackend, open_litellm, open_openai_compatible
from miniatures.backends.teacher_errors import _seconds
from miniatures.backends.teacher_keys import redact
from miniatures.backends.teacher_protocol import response_format
from miniatures.datamodel.backend import Price
from miniatures.datamodel.campaign import BackendSettings
from miniatures.datamodel.draft import EmailText
from tests.chaos.unruly_server import answers, status, streams, unruly

SETTINGS = BackendSettings(use="x")


class Loose(BaseModel):
    title: str
    note: str = ""


def sent(server: Any, number: int = 0) -> dict[str, Any]:
    return json.loads(server.requests[number].partition(b"\r\n\r\n")[2])


@pytest.fixture
def no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "OPENAI_API_KEY",
        "ANTHROPIC_API_KEY",
        "GEMINI_API_KEY",
        "GOOGLE_API_KEY",
        "OPENAI_COMPATIBLE_API_KEY",
    ):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("no_keys")
@pytest.mark.parametrize(
    ("model", "variable"), [("openai/gpt-4o", "OPENAI_API_KEY"), ("anthropic/claude-sonnet-4-5", "ANTHROPIC_API_KEY")]
)
def test_a_missing_key_is_found_before_any_call_and_named(model: str, variable: str) -> None:
    with pytest.raises(MissingKey, match=variable) as caught:
        open_backend(f"litellm:{model}")
    assert variable in caught.value.hint


@pytest.mark.usefixtures("no_keys")
def test_a_key_that_goes_missing_is_found_by_the_call() -> None:
    with pytest.raises(MissingKey):
        TeacherBackend(model="openai/gpt-4o").invoke("hi")


def test_an_unknown_provider_is_named() -> None:
    with pytest.raises(UnknownModel, match="nonsense/x"):
        open_litellm("nonsense/x", SETTINGS)


@pytest.mark.parametrize("rest", ["", "127.0.0.1:8000#m", "http://127.0.0.1:8000/v1", "http://127.0.0.1/v1#"])
def test_an_address_without_its_parts_is_refused(rest: str) -> None:
    with pytest.raises(UnknownSpec, match="not an address and a model"):
        open_openai_compatible(rest, SETTINGS)


def test_a_key_in_the_address_is_refused() -> None:
    with pytest.raises(UnknownSpec) as caught:
        open_openai_compatible("http://me:sk-123456@127.0.0.1/v1#m", SETTINGS)
    assert "sk-123456" not in str(caught.value)
    assert "OPENAI_COMPATIBLE_API_KEY" in caught.value.hint


def test_identities_and_prices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test-key-000")
    listed = open_litellm("openai/gpt-4o", SETTINGS)
    assert str(listed.identity) == "litellm:openai/gpt-4o"
    assert listed.price is not None
    assert listed.price.output_per_million > listed.price.input_per_million > 0
    assert listed.context_tokens == 128_000
    assert open_litellm("openai/no-such-model", SETTINGS).price is None
    own = open_openai_compatible("http://127.0.0.1:1/v1#gpt-4o", SETTINGS)
    assert str(own.identity) == "openai-compatible:http://127.0.0.1:1/v1#gpt-4o"
    assert own.price is None, "someone else's server has someone else's price"
    assert "sk-test" not in repr(listed)


async def test_costs_are_stated_or_null() -> None:
    with unruly(answers()) as server:
        given_price = Price(input_per_million=1_000_000, output_per_million=2_000_000)
        unknown = TeacherBackend(model="openai/m", api_base=server.url)
        priced = TeacherBackend(model="openai/m", api_base=server.url, price=given_price)
        listed = TeacherBackend(model="openai/gpt-4o", api_key="sk-test-key-000")
        assert (await unknown.ainvoke("hi")).response_metadata["cost_usd"] is None
        assert (await priced.ainvoke("hi")).response_metadata["cost_usd"] == 7 + 2 * 2
        listed.api_base = server.url
        expected = listed.price.cost(usage_of(await unknown.ainvoke("hi"))) if listed.price else None
        assert (await listed.ainvoke("hi")).response_metadata["cost_usd"] == pytest.approx(expected)


async def test_what_goes_over_the_wire() -> None:
    with unruly(answers()) as server:
        backend = TeacherBackend(model="openai/m", api_base=server.url, temperature=0.3, max_tokens=9)
        await backend.ainvoke([("system", "Be brief."), ("user", "hi")], stop=["\n"], seed=5, max_tokens=11)
        body = sent(server)
    assert body["model"] == "m"
    assert [message["role"] for message in body["messages"]] == ["system", "user"]
    assert (body["temperature"], body["max_tokens"], body["seed"], body["stop"]) == (0.3, 11, 5, ["\n"])


@pytest.mark.parametrize(
    ("model", "refused"), [("o3", {"temperature", "frequency_penalty"}), ("gpt-4o", set()), ("gpt-5", {"temperature"})]
)
async def test_a_wish_that_the_model_refuses_is_not_sent_but_a_setting_is(model: str, refused: set[str]) -> None:
    wishes = {"temperature": 0.7, "seed": 5, "frequency_penalty": 0.3}
    with unruly(answers()) as server:
        backend = TeacherBackend(model=f"openai/{model}", api_key="sk-test-key-000")
        backend.api_base = server.url
        await backend.ainvoke("hi", **wishes)
        assert refused.isdisjoint(sent(server)) and (refused or set(wishes) <= set(sent(server)))
        if "temperature" in refused:
            backend.temperature = 0.7
            with pytest.raises(BadRequest, match="temperature"):
                await backend.ainvoke("hi")


async def test_structured_output_asks_for_the_schema() -> None:
    with unruly(answers('{"subject": "a", "body": "b"}')) as server:
        backend = TeacherBackend(model="openai/m", api_base=server.url)
        assert await backend.with_structured_output(EmailText).ainvoke("hi") == EmailText(subject="a", body="b")
        asked = sent(server)["response_format"]
    assert (asked["type"], asked["json_schema"]["name"], asked["json_schema"]["strict"]) == (
        "json_schema", "EmailText", True,
    )  # fmt: skip
    assert asked["json_schema"]["schema"]["additionalProperties"] is False


def test_strictness_is_claimed_only_where_it_holds() -> None:
    assert response_format(Loose.model_json_schema())["json_schema"]["strict"] is False
    assert response_format(EmailText.model_json_schema())["json_schema"]["strict"] is True


async def test_tools_pass_through_both_ways() -> None:
    def weather(city: str) -> str:
        """The weather in a city."""
        return city

    call = {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Bonn"}'}}
    broken = {"id": "c2", "type": "function", "function": {"name": "weather", "arguments": "{oops"}}
    message = {"role": "assistant", "content": None, "tool_calls": [call, broken]}
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls"}
    reply = {"id": "x", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}
    with unruly(status(200, reply)) as server:
        bound = TeacherBackend(model="openai/m", api_base=server.url).bind_tools([weather], tool_choice="weather")
        answer = await bound.ainvoke("hi")
        body = sent(server)
    assert body["tools"][0]["function"]["name"] == "weather"
    assert body["tool_choice"] == {"type": "function", "function": {"name": "weather"}}
    assert [(c["name"], c["args"]) for c in answer.tool_calls] == [("weather", {"city": "Bonn"})]
    assert len(answer.invalid_tool_calls) == 1


async def test_the_environment_s_key_never_goes_to_another_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-openai-000000")
    with unruly(answers()) as server:
        await open_openai_compatible(f"{server.url}#m", SETTINGS).ainvoke("hi")
        assert b"sk-of-openai" not in server.requests[0]
        monkeypatch.setenv("OPENAI_COMPATIBLE_API_KEY", "sk-of-this-server")
        await open_openai_compatible(f"{server.url}#m", SETTINGS).ainvoke("hi")
        assert b"Bearer sk-of-this-server" in server.requests[1]


def test_one_backend_serves_several_event_loops() -> None:
    with unruly(answers()) as server:
        backend = TeacherBackend(model="openai/m", api_base=server.url)
        for _ in range(3):
            assert asyncio.run(backend.ainvoke("hi")).text == "Hello there"


async def test_usage_that_nobody_told_is_none() -> None:
    choice = {"index": 0, "message": {"role": "assistant", "content": "hi"}, "finish_reason": "length"}
    reply = {"id": "x", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}
    with unruly(status(200, reply)) as server:
        message = await TeacherBackend(model="openai/m", api_base=server.url).ainvoke("hi")
    assert (message.usage_metadata, message.response_metadata["finish_reason"]) == (None, "length")


async def test_a_reader_that_leaves_closes_the_connection() -> None:
    with unruly(streams(*["word "] * 50)) as server:
        async for chunk in TeacherBackend(model="openai/m", api_base=server.url).astream("hi"):
            assert chunk.text == "word "
            break


@given(st.text(max_size=200), st.text(alphabet="abcDEF0123456789", min_size=10, max_size=40))
def test_secrets_are_cut_out_of_any_text(text: str, secret: str) -> None:
    assert secret not in redact(f"{text}{secret}{text}", secret)
    assert f"sk-{secret}" not in redact(f"key sk-{secret}")


@given(st.text(max_size=40))
def test_any_retry_after_is_seconds_or_nothing(header: str) -> None:
    seconds = _seconds(header)
    assert seconds is None or 0 <= seconds < float("inf")

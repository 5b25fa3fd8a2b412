"""API backends: names, keys, prices and what goes over the wire, against a real server on loopback."""

from __future__ import annotations

import asyncio
import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from miniatures.backends.base import usage_of
from miniatures.backends.errors import BadRequest, MissingKey, UnknownModel, UnknownSpec
from miniatures.backends.grounded_text import KEYWORD
from miniatures.backends.json_grammar import json_grammar
from miniatures.backends.spec import open_backend
from miniatures.backends.teacher import TeacherBackend, open_litellm, open_openai_compatible
from miniatures.backends.teacher_errors import _seconds
from miniatures.backends.teacher_keys import redact
from miniatures.backends.teacher_protocol import response_format
from miniatures.datamodel.backend import Price
from miniatures.datamodel.campaign import BackendSettings
from miniatures.datamodel.capabilities import Capabilities, CapabilitySettings, Grammar
from miniatures.datamodel.draft import EmailText
from tests.chaos.unruly_server import answers, sends, status, streams, unruly

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
        "OPENAI_COMPATIBLE_BASE_URL",
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


async def test_a_draw_of_our_own_is_no_seed_that_a_server_might_refuse() -> None:
    with unruly(answers()) as server:
        backend = TeacherBackend(model="openai/m", api_base=server.url)
        await backend.ainvoke("hi", temperature=0.7, draw=5)
        body = sent(server)
    assert body["temperature"] == 0.7 and not {"seed", "draw"} & body.keys()
    assert not backend.repeats_in_company


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


HELD = {
    "title": "Email",
    "type": "object",
    "properties": {"subject": {"type": "string", KEYWORD: {"names": ["Acme", "Zoë"], "numbers": ["41"]}}},
    "required": ["subject"],
}
ODD = {"type": "object", "properties": {"a": {"type": "string", "pattern": "x+"}}, "required": ["a"]}
PENALTY = {"frequency_penalty": 0.3}


async def asked(grammar: Grammar, schema: dict[str, Any] = HELD, **options: Any) -> dict[str, Any]:
    """What a server whose capabilities are these is asked."""
    capabilities = Capabilities(grammar=grammar, penalties=False)
    with unruly(answers()) as server:
        backend = TeacherBackend(
            model="openai/m", api_base=server.url, capabilities=capabilities, extra_body={"min_p": 0.1}
        )
        await backend.ainvoke("hi", response_schema=schema, **PENALTY, **options)
        return sent(server)


async def test_a_grammar_goes_out_in_the_form_that_the_server_takes() -> None:
    plain, grounded, ebnf = [await asked(grammar) for grammar in (Grammar.SCHEMA, Grammar.GROUNDED, Grammar.EBNF)]
    assert KEYWORD not in json.dumps(plain)
    assert plain["response_format"]["json_schema"]["strict"] is True
    assert grounded["response_format"]["json_schema"] == {"name": "Email", "schema": HELD, "strict": False}
    assert "response_format" not in ebnf
    assert ebnf["structured_outputs"] == {"grammar": json_grammar(HELD)}
    for body in (plain, grounded, ebnf):
        assert body["min_p"] == 0.1
        assert {"probability", "logprobs", "frequency_penalty"}.isdisjoint(body)


async def test_what_no_grammar_can_hold_goes_out_as_a_schema() -> None:
    body = await asked(Grammar.EBNF, ODD)
    assert "structured_outputs" not in body
    assert body["response_format"]["json_schema"]["schema"]["properties"] == ODD["properties"]


async def test_a_grounding_that_is_none_is_named() -> None:
    slip = {"type": "object", "properties": {"subject": {"type": "string", KEYWORD: {"nmaes": ["Acme"]}}}}
    with pytest.raises(BadRequest, match=r"x-grounded\.nmaes") as caught:
        await asked(Grammar.EBNF, slip)
    assert "names, numbers" in caught.value.hint


def told(*logprobs: float) -> dict[str, Any]:
    tokens = [{"token": "a", "logprob": value, "bytes": [97], "top_logprobs": []} for value in logprobs]
    return {"content": tokens, "refusal": None}


@pytest.mark.parametrize("streamed", [False, True])
async def test_a_server_in_vllm_s_words_is_asked_like_an_engine_of_this_process(streamed: bool) -> None:
    """A real server that records what it is sent and answers as vLLM does; vLLM itself needs what tests have not got.

    vLLM compiles the grammar by the same call of xgrammar as this test.
    """
    xgrammar = pytest.importorskip("xgrammar")
    first, second = told(-0.25, -0.5), told(-0.125)
    head = {"id": "x", "created": 1, "model": "m"}
    usage = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}
    if streamed:
        deltas = [
            ({"role": "assistant", "content": '{"subject"'}, first, None),
            ({"content": ': "a"}'}, second, "stop"),
        ]
        events = [
            head
            | {
                "object": "chat.completion.chunk",
                "choices": [{"index": 0, "delta": delta, "logprobs": logprobs, "finish_reason": reason}],
            }
            for delta, logprobs, reason in deltas
        ]
        events.append(head | {"object": "chat.completion.chunk", "choices": [], "usage": usage})
        body = b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in events) + b"data: [DONE]\n\n"
        answer = sends(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" + body)
    else:
        logprobs = {"content": first["content"] + second["content"]}
        message = {"role": "assistant", "content": '{"subject": "a"}'}
        choice = {"index": 0, "message": message, "logprobs": logprobs, "finish_reason": "stop", "stop_reason": None}
        answer = status(200, head | {"object": "chat.completion", "choices": [choice], "usage": usage})
    capabilities = CapabilitySettings(grammar=Grammar.EBNF, probability=True)
    with unruly(answer) as server:
        spec = f"openai-compatible:{server.url}#m"
        backend = open_backend(spec, BackendSettings(use=spec, capabilities=capabilities))
        options = {"response_schema": HELD, "probability": True, **PENALTY}
        whole = None
        if streamed:
            async for chunk in backend.astream("hi", **options):
                whole = chunk if whole is None else whole + chunk
        else:
            whole = await backend.ainvoke("hi", **options)
        body = sent(server)
    assert whole is not None and whole.text == '{"subject": "a"}'
    assert whole.response_metadata["probability"] == pytest.approx(math.exp(-0.875))
    assert (body["logprobs"], body["frequency_penalty"]) == (True, 0.3)
    assert xgrammar.Grammar.from_ebnf(body["structured_outputs"]["grammar"])


async def test_a_probability_that_nobody_told_is_left_out() -> None:
    with unruly(answers()) as server:
        backend = TeacherBackend(model="openai/m", api_base=server.url, capabilities=Capabilities(probability=True))
        assert "probability" not in (await backend.ainvoke("hi", probability=True)).response_metadata


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


@pytest.mark.parametrize(
    ("url", "bound", "gets_it"),
    [
        ("http://127.0.0.1:8000/v1", None, True),
        ("http://localhost:8000/v1", None, True),
        ("http://[::1]:8000/v1", None, True),
        ("https://evil.example/v1", None, False),
        ("http://127.0.0.1.evil.example/v1", None, False),
        ("https://gpu.example/other", "https://gpu.example/v1", True),
        ("https://GPU.example:443/v1", "https://gpu.example", True),
        ("http://gpu.example/v1", "https://gpu.example/v1", False),
        ("https://gpu.example:8443/v1", "https://gpu.example/v1", False),
        ("https://gpu.example.evil.example/v1", "https://gpu.example/v1", False),
        ("https://evil.example/v1?https://gpu.example/v1", "https://gpu.example/v1", False),
        ("http://127.0.0.1:8000/v1", "https://gpu.example/v1", False),
        ("https://evil.example/v1", "gpu.example", False),
    ],
)
def test_a_key_goes_to_the_server_that_it_is_bound_to(
    url: str, bound: str | None, gets_it: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_COMPATIBLE_API_KEY", "sk-of-this-server")
    monkeypatch.delenv("OPENAI_COMPATIBLE_BASE_URL", raising=False)
    if bound is not None:
        monkeypatch.setenv("OPENAI_COMPATIBLE_BASE_URL", bound)
    key = open_openai_compatible(f"{url}#m", SETTINGS).api_key
    assert (key is not None) == gets_it


@pytest.mark.parametrize("bound", ["http://[::1", "http://gpu.example:x", "http://gpu.example:99999"])
def test_a_key_that_is_bound_to_no_address_is_told(bound: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_COMPATIBLE_API_KEY", "sk-of-this-server")
    monkeypatch.setenv("OPENAI_COMPATIBLE_BASE_URL", bound)
    with pytest.raises(UnknownSpec, match="OPENAI_COMPATIBLE_BASE_URL holds no address"):
        open_openai_compatible("http://127.0.0.1:8000/v1#m", SETTINGS)


@pytest.mark.parametrize(
    "rest",
    [
        "huggingface/https://evil.example/x",
        "https://evil.example",
        "openai//evil.example",
        "baseten/abcdefgh?x",
        "gemini/../../x",
        "openai/a b",
        "openai/",
    ],
)
def test_a_model_that_is_an_address_is_refused(rest: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test-key-000")
    with pytest.raises(UnknownSpec, match="names no provider and model"):
        open_litellm(rest, SETTINGS)


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


@pytest.mark.parametrize(
    ("model", "stated", "warned"),
    [
        ("outreach@live", {}, True),
        ("outreach", {}, True),
        ("outreach@live", {"like": "miniature:outreach@live"}, False),
        ("gpt-4o", {}, False),
    ],
)
def test_a_miniature_behind_a_server_that_is_asked_as_a_large_model_is_told(model, stated, warned, caplog):
    spec = f"openai-compatible:http://127.0.0.1:9/v1#{model}"
    open_backend(spec, BackendSettings(use=spec, capabilities=CapabilitySettings(**stated)))
    told = [record.message for record in caplog.records if "is asked as a large model" in record.message]
    assert len(told) == warned
    assert all(f"{{like: 'miniature:{model}', grammar: grounded, probability: true}}" in message for message in told)

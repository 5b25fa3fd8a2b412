"""What a developer may rely on: tokens are the model's own, a seed repeats an answer or is refused, tools too."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest
from langchain_core.messages import HumanMessage, SystemMessage

from miniatures.backends.base import Backend
from miniatures.backends.errors import BadRequest
from miniatures.backends.spec import open_backend
from miniatures.backends.teacher import TeacherBackend
from miniatures.backends.wrappers.retrying import RetryingBackend
from tests.backends.wrappers.scripted import ScriptedBackend

pytestmark = pytest.mark.slow

MODEL = "smollm2-135m-instruct"
CHAT = [SystemMessage("Be brief."), HumanMessage("Grüß Gott, what is a cold store? 日本語 👩‍👩‍👧‍👦")]


@pytest.fixture(scope="module", params=["openvino", "llamacpp"])
def engine(request: pytest.FixtureRequest) -> Backend:
    return open_backend(f"{request.param}:{MODEL}")


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def test_a_prompt_is_counted_as_the_model_reads_it(engine: Backend) -> None:
    usage = engine.invoke(CHAT, max_tokens=1).usage_metadata
    assert usage is not None
    assert engine.get_num_tokens_from_messages(CHAT) == usage["input_tokens"]
    assert RetryingBackend(engine).get_num_tokens_from_messages(CHAT) == usage["input_tokens"]
    assert (engine.get_num_tokens(""), engine.get_num_tokens("Hello there, you")) == (0, 4)


def test_a_text_beyond_the_context_is_counted_whole(engine: Backend) -> None:
    assert engine.get_num_tokens("word and " * 5000) == pytest.approx(10_000, abs=2)


def test_token_ids(offline: None) -> None:
    assert open_backend(f"openvino:{MODEL}").get_token_ids("<|im_start|>hi") == [1, 6004]
    with pytest.raises(NotImplementedError, match="llamacpp:smollm2"):
        open_backend(f"llamacpp:{MODEL}").get_token_ids("hi")


@pytest.mark.parametrize("model", ["openai/gpt-4o", "anthropic/claude-sonnet-4-5", "groq/llama-3.1-8b-instant"])
def test_a_teacher_s_prompt_is_counted_without_the_network(model: str, offline: None) -> None:
    teacher = TeacherBackend(model=model, api_base="http://127.0.0.1:9", api_key="none")
    assert 4 <= teacher.get_num_tokens("Hello there, you") <= 6
    assert teacher.get_num_tokens_from_messages(CHAT) > 15
    assert len(teacher.get_token_ids("a b c")) == 3


@pytest.mark.parametrize("backend", [ScriptedBackend(), RetryingBackend(ScriptedBackend())], ids=["bare", "wrapped"])
def test_a_backend_without_tools_says_what_to_use(backend: Backend) -> None:
    with pytest.raises(NotImplementedError, match="scripted:m calls no tools: use with_structured_output"):
        backend.bind_tools([])


async def test_a_seed_repeats_in_any_company() -> None:
    backend = open_backend(f"llamacpp:{MODEL}")

    async def drawn(prompt: str = "Tell me of a city.", **options: Any) -> str:
        return (await backend.ainvoke(prompt, **{"temperature": 1.0, "seed": 7, "max_tokens": 24} | options)).text

    alone = await drawn()
    together = await asyncio.gather(drawn(), drawn(), *(drawn(f"Of number {i}.", seed=i) for i in range(4)))
    assert together[:2] == [alone, alone]
    assert await drawn(seed=8) != alone
    assert await drawn(seed=7 + 2**31) == alone, "any whole number is a seed"
    assert await drawn(seed=-1) == await drawn(seed=-1), "-1 is none of llama.cpp's own"


def test_a_seed_that_cannot_be_kept_is_refused() -> None:
    backend = open_backend(f"openvino:{MODEL}")
    with pytest.raises(BadRequest, match=r"seed: local:.* cannot repeat a sampled answer"):
        backend.invoke("Hello", seed=7, temperature=1.0)
    assert backend.invoke("Hello", seed=7, max_tokens=2).text == backend.invoke("Hello", seed=8, max_tokens=2).text
    assert backend.invoke("Hello", draw=7, temperature=1.0, max_tokens=2).text

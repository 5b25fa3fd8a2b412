"""The embedded model behind OpenVINO: batching, streaming, stopping, structure, failure and the end of the process."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import BaseModel, Field

from miniatures.backends.errors import BadRequest, BadSchema, ContextOverflow, OutOfMemory, ServerFailed
from miniatures.backends.openvino import OpenVINOBackend
from miniatures.backends.openvino_engine import OpenVINOEngine
from miniatures.backends.spec import open_backend
from miniatures.backends.wrappers.spending import Spending
from miniatures.backends.wrappers.wrap import dress
from miniatures.datamodel.backend import Price
from miniatures.datamodel.campaign import BackendSettings, Budget
from miniatures.datamodel.capabilities import Variant
from miniatures.datamodel.errors import BudgetScope
from miniatures.weights.gguf_header import read_header

pytestmark = pytest.mark.slow

SPEC = "openvino:smollm2-135m-instruct"


class Pick(BaseModel):
    number: int = Field(ge=1, le=40)
    label: Literal["opening", "funding"]


class Picks(BaseModel):
    reason: str
    picks: list[Pick] = Field(min_length=1, max_length=3)


def test_what_it_is(embedded_backend: OpenVINOBackend) -> None:
    identity = embedded_backend.identity
    assert (identity.provider, identity.model, identity.adapter) == ("local", "smollm2-135m-instruct", None)
    assert identity.weights == "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
    assert embedded_backend.capabilities.variant is Variant.COMPACT
    assert embedded_backend.price == Price(input_per_million=0, output_per_million=0)
    assert embedded_backend.context_tokens == 8192


def test_metadata_and_usage(embedded_backend: OpenVINOBackend) -> None:
    message = embedded_backend.invoke("Say hello.", max_tokens=5)
    assert message.response_metadata["model_name"] == "smollm2-135m-instruct"
    assert message.response_metadata["finish_reason"] == "length"
    assert message.usage_metadata["output_tokens"] == 5
    assert message.usage_metadata["input_tokens"] > 20
    assert 0 <= message.response_metadata["queue_ms"] < message.response_metadata["first_token_ms"]


async def test_requests_join_the_running_batch(embedded_backend: OpenVINOBackend) -> None:
    """A short request that comes while long ones decode is answered long before they end."""
    long = [
        asyncio.create_task(embedded_backend.ainvoke(f"Tell me the long story of city {number}.", max_tokens=300))
        for number in range(4)
    ]
    await asyncio.sleep(0.3)
    await embedded_backend.ainvoke("Say hi.", max_tokens=3)
    assert not any(task.done() for task in long)
    await asyncio.gather(*long)


async def test_the_event_loop_stays_free(embedded_backend: OpenVINOBackend) -> None:
    """A busy machine may hold the loop up as well, but not time and again."""
    for _ in range(3):
        if (longest := await longest_pause(embedded_backend)) < 0.5:
            break
    assert longest < 0.5


async def longest_pause(backend: OpenVINOBackend) -> float:
    longest, ticking = 0.0, True

    async def tick() -> None:
        nonlocal longest
        while ticking:
            started = time.perf_counter()
            await asyncio.sleep(0.005)
            longest = max(longest, time.perf_counter() - started)

    watch = asyncio.create_task(tick())
    await asyncio.gather(*(backend.ainvoke(f"Write about {n}.", max_tokens=60) for n in range(16)))
    ticking = False
    await watch
    return longest


def answer_again(backend: OpenVINOBackend, prompt: str, **options: Any) -> Any:
    """The second answer: its prompt is read from the cache, like that of all that follow. Processors that compute in
    tiles of bfloat16 round the first reading of a prompt otherwise, and a greedy answer may turn on that."""
    backend.invoke(prompt, **options)
    return backend.invoke(prompt, **options)


@pytest.mark.parametrize("prompt", ["Write three emoji and a greeting in Japanese: 🌟", "Count to five."])
async def test_streams_add_up_to_the_answer(embedded_backend: OpenVINOBackend, prompt: str) -> None:
    whole = answer_again(embedded_backend, prompt, max_tokens=40)
    pieces = list(embedded_backend.stream(prompt, max_tokens=40))
    later = [piece async for piece in embedded_backend.astream(prompt, max_tokens=40)]
    assert len(pieces) > 5
    for chunks in (pieces, later):
        assert "".join(chunk.text for chunk in chunks) == whole.text
        assert chunks[-1].usage_metadata == whole.usage_metadata
        assert not any("\ufffd" in chunk.text for chunk in chunks)


def test_stop_strings_end_the_text_exactly(embedded_backend: OpenVINOBackend) -> None:
    prompt = "Why is the sky blue?"
    whole = answer_again(embedded_backend, prompt, max_tokens=60).text
    stop = whole[25:31]
    message = embedded_backend.invoke(prompt, max_tokens=60, stop=[stop])
    assert message.text == whole[: whole.index(stop)]
    assert message.response_metadata["finish_reason"] == "stop"
    assert message.usage_metadata["output_tokens"] < 30
    assert "".join(chunk.text for chunk in embedded_backend.stream(prompt, max_tokens=60, stop=[stop])) == message.text


async def test_draws_differ(embedded_backend: OpenVINOBackend) -> None:
    """A seed is refused (see test_counting_and_seeds); a draw is not, and other draws give other answers."""
    options = {"temperature": 1.2, "max_tokens": 16}
    draws = [embedded_backend.ainvoke("Say something odd.", draw=draw, **options) for draw in (1, 2, 3)]
    assert len({answer.text for answer in await asyncio.gather(*draws)}) > 1


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_structured_answers_hold_the_schema(embedded_backend: OpenVINOBackend, temperature: float) -> None:
    model = embedded_backend.with_structured_output(Picks, include_raw=True)
    result: dict[str, Any] = model.invoke("Pick sentence 3.", max_tokens=120, temperature=temperature, draw=3)
    text = result["raw"].text
    assert "\n" not in text
    if result["raw"].response_metadata["finish_reason"] == "stop":
        assert isinstance(result["parsed"], Picks)
    else:
        assert result["parsing_error"] is not None


def test_cut_json_says_so(embedded_backend: OpenVINOBackend) -> None:
    message = embedded_backend.invoke("Pick some.", response_schema=Picks, max_tokens=4)
    assert message.response_metadata["finish_reason"] == "length"
    with pytest.raises(json.JSONDecodeError):
        json.loads(message.text)


def test_a_schema_beyond_our_grammar_goes_to_the_engine(embedded_backend: OpenVINOBackend) -> None:
    schema = {
        "type": "object",
        "properties": {"code": {"type": "string", "pattern": "^[A-C]{3}$"}},
        "required": ["code"],
    }
    text = embedded_backend.invoke("Give me a code.", response_schema=schema, max_tokens=100).text
    assert set(json.loads(text)["code"]) <= set("ABC")


def test_context_overflow(embedded_backend: OpenVINOBackend) -> None:
    with pytest.raises(ContextOverflow, match="exceed the model's context of 8192"):
        embedded_backend.invoke("word " * 7000, max_tokens=2000)
    with pytest.raises(ContextOverflow, match="more tokens than the model's context"):
        embedded_backend.invoke("word " * 20_000)


def test_unknown_options_are_refused(embedded_backend: OpenVINOBackend) -> None:
    with pytest.raises(BadRequest, match="tempreature"):
        embedded_backend.invoke("hi", tempreature=1)


async def emptied(backend: OpenVINOBackend) -> None:
    """An answer is given a moment before its place in the batch is free."""
    deadline = time.monotonic() + 10
    while backend._engine._active:
        assert time.monotonic() < deadline, "a cancelled request is still in the batch"
        await asyncio.sleep(0.01)


async def test_cancelling_frees_the_batch(embedded_backend: OpenVINOBackend) -> None:
    tasks = [asyncio.create_task(embedded_backend.ainvoke(f"Long story {n}", max_tokens=2000)) for n in range(8)]
    await asyncio.sleep(0.5)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await embedded_backend.ainvoke("hi", max_tokens=2)
    await emptied(embedded_backend)
    async for _ in embedded_backend.astream("Long story", max_tokens=2000):
        break
    await embedded_backend.ainvoke("hi", max_tokens=2)
    await emptied(embedded_backend)


@pytest.mark.parametrize(("reason", "kind"), [("std::bad_alloc", OutOfMemory), ("shape mismatch", ServerFailed)])
async def test_a_failing_step_fails_everyone_who_waits_and_recovers(
    embedded_weights: Path, reason: str, kind: type[Exception]
) -> None:
    header = read_header(embedded_weights)
    backend = open_backend(SPEC)
    backend._engine = engine = OpenVINOEngine(embedded_weights, backend.identity.weights, header)
    await backend.ainvoke("hi", max_tokens=2)
    real = engine._model.pipeline

    class Failing:
        def step(self) -> None:
            raise RuntimeError(reason)

        def __getattr__(self, name: str) -> Any:
            return getattr(real, name)

    engine._model.pipeline = Failing()
    failures = await asyncio.gather(*(backend.ainvoke("hi", max_tokens=5) for _ in range(3)), return_exceptions=True)
    assert any(isinstance(failure, kind) for failure in failures)
    assert all(isinstance(failure, kind) or failure.text for failure in failures)
    assert (await backend.ainvoke("hi", max_tokens=2)).text
    engine.close()
    with pytest.raises(ServerFailed, match="closed"):
        await backend.ainvoke("hi")


END = """
import threading, time, sys
from miniatures.backends.spec import open_backend
from miniatures.backends.wrappers.spending import Spending
from miniatures.backends.wrappers.wrap import dress
backend = open_backend("openvino:smollm2-135m-instruct")
def ask():
    try:
        backend.invoke("Tell a very long story.", max_tokens=4000)
    except Exception as error:
        print(type(error).__name__)
threading.Thread(target=ask, daemon=True).start()
backend.invoke("hi", max_tokens=2)
print("leaving")
{ending}
"""


@pytest.mark.parametrize(("ending", "code"), [("", 0), ("sys.exit(3)", 3), ("raise KeyboardInterrupt", 130)])
def test_the_process_ends_cleanly_while_it_decodes(ending: str, code: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", END.format(ending=ending)], capture_output=True, text=True, timeout=60, check=False
    )
    assert "leaving" in done.stdout
    assert done.returncode in (code, -2 if code == 130 else code), done.stderr
    assert "leaked" not in done.stdout + done.stderr


GIVEN_UP = """
import asyncio
from miniatures.backends.spec import open_backend
backend = open_backend("openvino:smollm2-135m-instruct")
async def give_up():
    for wait in (0.0, 0.005, 0.01, 0.02, 0.03):
        stream = backend.astream("Tell a very long story.", max_tokens=4000)
        await anext(stream)
        await asyncio.sleep(wait)
        await stream.aclose()
asyncio.run(give_up())
"""


def test_an_answer_that_was_given_up_leaves_nothing_in_the_engine() -> None:
    done = subprocess.run([sys.executable, "-c", GIVEN_UP], capture_output=True, text=True, timeout=60, check=True)
    assert "leaked" not in done.stdout + done.stderr


CLOSED = """
from miniatures.backends.errors import ServerFailed
from miniatures.backends.openvino import close_engines
from miniatures.backends.spec import open_backend
from miniatures.backends.wrappers.spending import Spending
from miniatures.backends.wrappers.wrap import dress
first = open_backend("openvino:smollm2-135m-instruct")
first.invoke("hi", max_tokens=2)
close_engines()
try:
    first.invoke("hi", max_tokens=2)
except ServerFailed as error:
    print(error)
print(bool(open_backend("openvino:smollm2-135m-instruct").invoke("hi", max_tokens=2).text))
"""


def test_closing_and_opening_again() -> None:
    done = subprocess.run([sys.executable, "-c", CLOSED], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.splitlines() == ["the engine has been closed", "True"]


def test_what_a_schema_forces_is_no_more_probable_for_it(embedded_backend: OpenVINOBackend) -> None:
    free = embedded_backend.invoke("Say hello.", max_tokens=4, probability=True).response_metadata["probability"]
    forced = embedded_backend.invoke("Say hello.", response_schema={"enum": ["zzyzx"]}, max_tokens=20, probability=True)
    assert 0 < forced.response_metadata["probability"] < 1e-6 < free <= 1
    assert "probability" not in embedded_backend.invoke("Say hello.", max_tokens=2).response_metadata


def held_to(pattern: str) -> dict[str, Any]:
    return {"type": "object", "properties": {"a": {"type": "string", "pattern": pattern}}, "required": ["a"]}


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("([", "cannot be compiled: Regex parsing error"),
        ("^((a{1,1000}){1,1000}){1,1000}$", "more than 1 s to compile"),
    ],
)
async def test_a_bad_schema_fails_alone(
    embedded_backend: OpenVINOBackend, pattern: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever its grammar is, the answers of the others go on, and the next schema is compiled as ever."""
    monkeypatch.setattr("miniatures.backends.grammar_compiler._KILLED_AFTER_SECONDS", 4.0)
    others = [
        asyncio.create_task(embedded_backend.ainvoke(f"Tell me of city {number}.", max_tokens=60))
        for number in range(3)
    ]
    for _ in range(2):
        with pytest.raises(BadSchema, match=said):
            await embedded_backend.ainvoke("Hello", response_schema=held_to(pattern))
    assert all(answer.text for answer in await asyncio.gather(*others))
    answer = await embedded_backend.ainvoke("Hello", response_schema=held_to("^[ab]{3}$"), max_tokens=20)
    assert set(json.loads(answer.text)["a"]) <= {"a", "b"}


async def test_a_schema_that_is_tried_holds_nobody_up(embedded_backend: OpenVINOBackend) -> None:
    slow = asyncio.create_task(
        embedded_backend.ainvoke("Hello", response_schema=held_to("^([a-z]*[0-9]*){1,200}$"), max_tokens=5)
    )
    await asyncio.sleep(0.05)
    await embedded_backend.ainvoke("Say hi.", max_tokens=3)
    assert not slow.done()
    slow.cancel()


async def test_a_short_question_waits_for_one_long_prompt_at_most(embedded_backend: OpenVINOBackend) -> None:
    long = [asyncio.create_task(embedded_backend.ainvoke("word " * 3400 + str(n), max_tokens=1)) for n in range(4)]
    await asyncio.sleep(0.5)
    await embedded_backend.ainvoke("Say hello.", max_tokens=1)
    answered = sum(task.done() for task in long)
    for task in long:
        task.cancel()
    assert answered <= 1


async def test_a_budget_in_usd_stands_over_a_model_of_this_machine(embedded_backend: OpenVINOBackend) -> None:
    spending = Spending(Budget(usd=0.01), BudgetScope.CAMPAIGN, "campaign autumn")
    guarded = dress(embedded_backend, settings=BackendSettings(use=SPEC), spendings=[spending])
    assert (await guarded.ainvoke("Hello", max_tokens=2)).text
    assert (spending.spent.usd, spending.bill.cost_usd) == (0, 0)

"""The shadow answers beside, in its own profile and its own traces, and nothing that befalls it reaches the answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from miniatures.backends.ask import Answer, ask
from miniatures.backends.errors import ServerFailed
from miniatures.backends.wrappers.budgeted import BudgetedBackend
from miniatures.backends.wrappers.recorded import RecordedBackend
from miniatures.backends.wrappers.shadow import ShadowBackend
from miniatures.backends.wrappers.spending import Spending, prospect_spending
from miniatures.datamodel.backend import BackendIdentity, Price, Profile
from miniatures.datamodel.campaign import Budget
from miniatures.datamodel.draft import EmailText
from miniatures.datamodel.errors import BudgetReached, BudgetScope
from miniatures.datamodel.trace import Span, Trace
from miniatures.prompts.library import PromptLibrary
from miniatures.store.tracing import Scope, enter_scope, span
from tests.backends.wrappers.scripted import ScriptedBackend, StreamingBackend, failing

USED, BESIDE = '{"subject": "a", "body": "used"}', '{"subject": "b", "body": "beside"}'
TEACHER = BackendIdentity(provider="scripted", model="teacher")


@dataclass
class Sink:
    traces: list[Trace] = field(default_factory=list)

    def record(self, entry: Trace | Span) -> None:
        if isinstance(entry, Trace):
            self.traces.append(entry)

    def of(self, role: str) -> list[Trace]:
        return [trace for trace in self.traces if trace.role == role]


@pytest.fixture
def sink() -> Iterator[Sink]:
    sink = Sink()
    with enter_scope(Scope(sink=sink, run_id="r", campaign="c", prospect="p")):
        yield sink


@pytest.fixture
def prompts(tmp_path: Path) -> PromptLibrary:
    for profile, text in (("full", "At length: {{ company }}"), ("compact", "{{ company }}")):
        block = "{% block user %}" + text + "{% endblock %}"
        (tmp_path / f"writer.{profile}.jinja").write_text(block)
    return PromptLibrary(tmp_path)


def student(**fields: Any) -> ScriptedBackend:
    return ScriptedBackend(**{"script": lambda _: USED, "prompt_profile": Profile.COMPACT, "seen": [], **fields})


def teacher(**fields: Any) -> ScriptedBackend:
    return ScriptedBackend(**{"script": lambda _: BESIDE, "identity": TEACHER, "seen": [], **fields})


def pair(first: ScriptedBackend, second: ScriptedBackend, prompts: PromptLibrary | None = None) -> ShadowBackend:
    return ShadowBackend(RecordedBackend(first), RecordedBackend(second), prompts)


async def written(model: ShadowBackend, prompts: PromptLibrary, **options: Any) -> Answer[EmailText]:
    prompt = prompts.render("writer", model.prompt_profile, {"company": "Acme"})
    with span("stage", "write"):
        return await ask(model, prompt, EmailText, role="writer", node="write", attempt=2, **options)


async def test_the_first_is_used_and_the_shadow_traced_in_its_own_profile(sink: Sink, prompts: PromptLibrary) -> None:
    first, second = student(), teacher()
    model = pair(first, second, prompts)
    answer = await written(model, prompts, max_tokens=9, frequency_penalty=0.3, temperature=0.7)
    assert (model.identity, model.prompt_profile) == (first.identity, Profile.COMPACT)
    assert answer.value is not None and answer.value.body == "used"
    (used,), (beside,) = sink.of("writer"), sink.of("shadow")
    assert (used.output, beside.output, beside.backend) == (USED, BESIDE, TEACHER)
    assert (beside.parent_id, beside.node, beside.attempt, beside.variables) == (
        used.parent_id,
        "write",
        2,
        {"company": "Acme"},
    )
    assert [trace.messages[0].content for trace in (used, beside)] == ["Acme", "At length: Acme"]
    assert [trace.prompt_profile for trace in (used, beside)] == ["compact", "full"]
    assert used.prompt_version != beside.prompt_version
    bound = {"max_tokens", "frequency_penalty"}
    assert bound <= set(first.seen[0]) and bound.isdisjoint(second.seen[0])
    assert second.seen[0]["temperature"] == 0.7


async def test_both_answer_at_once(sink: Sink, prompts: PromptLibrary) -> None:
    started = time.perf_counter()
    await written(pair(student(seconds=1), teacher(seconds=1), prompts), prompts)
    assert time.perf_counter() - started < 1.9
    assert len(sink.traces) == 2


@pytest.mark.parametrize("error", [ServerFailed("down"), BudgetReached("spent"), ValueError("a bug")])
async def test_no_failure_of_the_shadow_is_raised(sink: Sink, prompts: PromptLibrary, error: Exception) -> None:
    answer = await written(pair(student(), teacher(script=failing(9, error)), prompts), prompts)
    assert answer.value is not None and answer.value.body == "used"
    (beside,) = sink.of("shadow")
    assert beside.error is not None


async def test_a_template_that_the_shadow_lacks_hurts_nobody(
    sink: Sink, prompts: PromptLibrary, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "writer.full.jinja").write_text("{% block user %}{{ nothing }}{% endblock %}")
    answer = await written(pair(student(), teacher(), prompts), prompts)
    assert answer.value is not None
    assert sink.of("shadow") == []
    assert "the shadow scripted:teacher gave no answer" in caplog.text


async def test_a_failed_or_cancelled_call_takes_its_shadow_with_it(sink: Sink, prompts: PromptLibrary) -> None:
    model = pair(student(seconds=0.05, script=failing(9, ServerFailed("down"))), teacher(seconds=30), prompts)
    with pytest.raises(ServerFailed):
        await asyncio.wait_for(written(model, prompts), 5)
    for first, second in ((student(seconds=30), teacher()), (student(), teacher(seconds=30))):
        call = asyncio.create_task(written(pair(first, second, prompts), prompts))
        await asyncio.sleep(0.05)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(call, 5)
    assert [trace.error is None for trace in sink.of("shadow")] == [False, True, False]


async def test_the_prospects_budget_is_not_the_shadows(sink: Sink, prompts: PromptLibrary) -> None:
    price = Price(input_per_million=1, output_per_million=1)
    own = Spending(Budget(tokens=10_000), BudgetScope.BACKEND, "backend teacher")
    prospect = Spending(Budget(tokens=3_000), BudgetScope.PROSPECT, "prospect p")
    first = BudgetedBackend(RecordedBackend(student(price=price)))
    second = BudgetedBackend(RecordedBackend(teacher(price=price)), spendings=(own,))
    token = prospect_spending.set(prospect)
    await written(ShadowBackend(first, second, prompts), prompts)
    prospect_spending.reset(token)
    assert (own.usage.total_tokens, prospect.usage.total_tokens) == (12, 12)
    assert [len(sink.of(role)) for role in ("writer", "shadow")] == [1, 1]


@pytest.mark.parametrize("error", [None, ServerFailed("down")])
def test_a_call_without_event_loop_has_its_shadow_too(sink: Sink, error: Exception | None) -> None:
    second = teacher(script=lambda _: error or BESIDE)
    assert pair(student(), second).invoke("hi").text == USED
    (beside,) = sink.of("shadow")
    assert (beside.output, beside.error is None) == ("" if error else BESIDE, error is None)
    assert [trace.role for trace in sink.traces].count("shadow") == 1


async def test_streams_have_their_shadow_too(sink: Sink) -> None:
    for _ in range(2):
        model = pair(StreamingBackend(script=lambda _: "one two"), teacher())
        assert "".join([chunk.text async for chunk in model.astream("hi")]) == "one two"
        assert "".join(chunk.text for chunk in model.stream("hi")) == "one two"
    assert [trace.output for trace in sink.of("shadow")] == [BESIDE] * 4


async def test_an_abandoned_stream_ends_its_shadow(sink: Sink) -> None:
    model = pair(StreamingBackend(script=lambda _: "one two", seconds=0.02), teacher(seconds=30))
    stream = model.astream("hi")
    await anext(stream)
    await asyncio.wait_for(stream.aclose(), 5)
    (beside,) = sink.of("shadow")
    assert beside.error is not None and beside.error.startswith("Cancelled")


async def test_outside_a_scope_both_are_asked_the_same_words() -> None:
    second = teacher()
    assert (await pair(student(), second).ainvoke("hi")).text == USED
    assert second.calls == 1

"""Every call leaves one trace in its scope, with what was sent, what came back and what went wrong."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest

from miniatures.backends.ask import ask, to_langchain
from miniatures.backends.errors import ServerFailed
from miniatures.backends.wrappers.limited import LimitedBackend
from miniatures.backends.wrappers.recorded import RecordedBackend
from miniatures.datamodel.backend import Price
from miniatures.datamodel.capabilities import Variant
from miniatures.datamodel.draft import EmailText
from miniatures.datamodel.prompt import ChatMessage, RenderedPrompt
from miniatures.datamodel.trace import Span, Trace
from miniatures.store.tracing import Scope, enter_scope, span
from tests.backends.wrappers.scripted import ScriptedBackend, StreamingBackend

PROMPT = RenderedPrompt(
    name="writer",
    variant=Variant.COMPACT,
    version="v1",
    variables={"company": "Acme"},
    messages=(ChatMessage(role="system", content="Write."), ChatMessage(role="user", content="To Acme.")),
)


@dataclass
class Sink:
    entries: list[Trace | Span] = field(default_factory=list)

    def record(self, entry: Trace | Span) -> None:
        self.entries.append(entry)

    @property
    def trace(self) -> Trace:
        (trace,) = [entry for entry in self.entries if isinstance(entry, Trace)]
        return trace


@pytest.fixture
def sink():
    sink = Sink()
    with enter_scope(Scope(sink=sink, run_id="r", campaign="c", prospect="p")):
        yield sink


async def test_a_structured_answer_is_recorded_whole(sink: Sink) -> None:
    answer = '{"subject": "Hi", "body": "There"}'
    price = Price(input_per_million=1, output_per_million=1)
    backend = RecordedBackend(ScriptedBackend(script=lambda _: answer, price=price))
    with span("stage", "write"):
        await ask(backend, PROMPT, EmailText, role="writer", node="write", attempt=2)
    trace = sink.trace
    stage = next(entry for entry in sink.entries if isinstance(entry, Span))
    assert (trace.run_id, trace.campaign, trace.prospect, trace.parent_id) == ("r", "c", "p", stage.id)
    assert (trace.role, trace.node, trace.attempt) == ("writer", "write", 2)
    assert (trace.prompt_name, trace.prompt_version, trace.prompt_variant) == ("writer", "v1", "compact")
    assert (trace.variables, trace.messages) == (PROMPT.variables, PROMPT.messages)
    assert (trace.output, trace.structured) == (answer, {"subject": "Hi", "body": "There"})
    assert (trace.bill.usage.input_tokens, trace.bill.usage.output_tokens, trace.bill.usage.cached_tokens) == (10, 2, 4)
    assert trace.bill.cost_usd == pytest.approx(12e-6)
    assert (trace.finish_reason, trace.queue_ms, trace.error) == ("stop", 1.0, None)
    assert trace.total_ms > 0


def test_other_messages_than_the_prompt_s_are_recorded_as_sent(sink: Sink) -> None:
    messages = [*to_langchain(PROMPT.messages), *to_langchain((ChatMessage(role="assistant", content="Draft"),))]
    RecordedBackend(ScriptedBackend()).invoke(messages)
    assert [(m.role, m.content) for m in sink.trace.messages][-1] == ("assistant", "Draft")


async def test_text_that_is_no_json_is_kept_as_output_only(sink: Sink) -> None:
    await RecordedBackend(ScriptedBackend()).ainvoke("hi", response_schema={"type": "object"})
    assert (sink.trace.output, sink.trace.structured) == ("one two", None)


async def test_an_unknown_price_is_null(sink: Sink) -> None:
    await RecordedBackend(ScriptedBackend()).ainvoke("hi")
    assert sink.trace.bill.cost_usd is None


async def test_a_failure_is_recorded_and_goes_on(sink: Sink) -> None:
    with pytest.raises(ServerFailed):
        await RecordedBackend(ScriptedBackend(script=lambda _: ServerFailed("it broke"))).ainvoke("hi")
    assert sink.trace.error == "ServerFailed: it broke"
    assert sink.trace.output == ""


async def test_a_foreign_exception_s_text_is_not_trusted(sink: Sink) -> None:
    with pytest.raises(ValueError, match="sk-123"):
        await RecordedBackend(ScriptedBackend(script=lambda _: ValueError("key sk-123"))).ainvoke("hi")
    assert sink.trace.error == "ValueError"


async def test_a_cancelled_call_is_recorded(sink: Sink) -> None:
    task = asyncio.create_task(RecordedBackend(ScriptedBackend(seconds=5)).ainvoke("hi"))
    await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert str(sink.trace.error).startswith("Cancelled")


@pytest.mark.parametrize("kind", ["sync", "async"])
async def test_a_stream_is_one_trace(sink: Sink, kind: str) -> None:
    backend = RecordedBackend(StreamingBackend(seconds=0.001))
    if kind == "sync":
        assert list(backend.stream("hi"))
    else:
        assert [chunk async for chunk in backend.astream("hi")]
    assert (sink.trace.output, sink.trace.finish_reason, sink.trace.bill.usage.total_tokens) == ("one two", "stop", 12)
    assert 0 < (sink.trace.first_token_ms or 0) < sink.trace.total_ms


@pytest.mark.parametrize("backend", [ScriptedBackend(), StreamingBackend()], ids=["whole", "streams"])
async def test_the_answer_names_its_trace(sink: Sink, backend: ScriptedBackend) -> None:
    recorded, whole = RecordedBackend(backend), None
    async for chunk in recorded.astream("hi"):
        whole = chunk if whole is None else whole + chunk
    assert whole is not None and whole.response_metadata["trace"] == sink.trace.id
    sink.entries.clear()
    assert (await recorded.ainvoke("hi")).response_metadata["trace"] == sink.trace.id


async def test_an_abandoned_stream_is_recorded_as_given_up(sink: Sink) -> None:
    stream = RecordedBackend(StreamingBackend())._astream([])
    await anext(stream)
    await stream.aclose()
    assert sink.trace.output == "one"
    assert str(sink.trace.error).startswith("Cancelled")


async def test_a_stream_that_breaks_keeps_what_came(sink: Sink) -> None:
    backend = RecordedBackend(StreamingBackend(breaks_after=1, failure=ServerFailed("cut")))
    with pytest.raises(ServerFailed):
        async for _ in backend.astream("hi"):
            pass
    assert (sink.trace.output, sink.trace.error) == ("one", "ServerFailed: cut")


async def test_the_wait_for_a_slot_is_queue_time(sink: Sink) -> None:
    backend = LimitedBackend(RecordedBackend(ScriptedBackend(seconds=0.05)), max_concurrency=1)
    await asyncio.gather(backend.ainvoke("hi"), backend.ainvoke("hi"))
    waits = sorted(entry.queue_ms or 0 for entry in sink.entries if isinstance(entry, Trace))
    assert waits[0] < 40 <= waits[1]
    assert all(entry.total_ms < 90 for entry in sink.entries if isinstance(entry, Trace))


async def test_outside_a_scope_nothing_is_recorded() -> None:
    assert (await RecordedBackend(ScriptedBackend()).ainvoke("hi")).text == "one two"

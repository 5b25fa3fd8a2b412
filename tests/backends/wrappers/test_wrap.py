"""The dressed backend: still the same backend to everyone who uses it, with each wrapper in its place."""

from __future__ import annotations

import asyncio

import pytest

from miniatures.backends.base import Backend
from miniatures.backends.errors import MalformedAnswer, ServerFailed
from miniatures.backends.wrappers.budgeted import Spending
from miniatures.backends.wrappers.retrying import RetryPolicy
from miniatures.backends.wrappers.wrap import dress
from miniatures.datamodel.backend import Price
from miniatures.datamodel.campaign import BackendSettings, Budget
from miniatures.datamodel.capabilities import Capabilities, Variant
from miniatures.datamodel.draft import EmailText
from miniatures.datamodel.errors import BudgetReached, BudgetScope
from miniatures.datamodel.trace import Span, Trace
from miniatures.store.tracing import Scope, enter_scope
from tests.backends.wrappers.scripted import ScriptedBackend, StreamingBackend, failing

QUICK = RetryPolicy(attempts=3, first_wait_s=0.001)
COMPACT = Capabilities(variant=Variant.COMPACT)
SETTINGS = BackendSettings(use="scripted:m", max_concurrency=2, max_tokens=50)


class ListSink(list[Trace | Span]):
    def record(self, entry: Trace | Span) -> None:
        self.append(entry)


def dressed(backend: Backend, **kwargs: object) -> Backend:
    return dress(backend, settings=SETTINGS, retry=QUICK, **kwargs)


def test_it_is_the_same_backend_to_its_users() -> None:
    inner = ScriptedBackend(
        price=Price(input_per_million=1, output_per_million=1), capabilities=COMPACT, context_tokens=99
    )
    outer = dressed(inner)
    for name in ("identity", "price", "capabilities", "context_tokens"):
        assert getattr(outer, name) == getattr(inner, name)
    assert outer._llm_type == inner._llm_type


async def test_each_attempt_is_a_trace_and_only_answers_cost() -> None:
    sink, spending = ListSink(), Spending(Budget(tokens=1000), BudgetScope.CAMPAIGN, "c")
    backend = dressed(ScriptedBackend(script=failing(2, ServerFailed("busy"))), spendings=[spending])
    with enter_scope(Scope(sink=sink, run_id="r", campaign="c")):
        await backend.ainvoke("hi")
    assert [entry.error for entry in sink] == ["ServerFailed: busy", "ServerFailed: busy", None]
    assert spending.spent.tokens == 12


async def test_a_call_that_a_budget_forbids_is_neither_made_nor_recorded_nor_retried() -> None:
    sink, inner = ListSink(), ScriptedBackend()
    backend = dressed(inner, spendings=[Spending(Budget(tokens=5), BudgetScope.CAMPAIGN, "c")])
    with enter_scope(Scope(sink=sink, run_id="r", campaign="c")), pytest.raises(BudgetReached):
        await backend.ainvoke("hi")
    assert (sink, inner.calls) == ([], 0)


async def test_it_limits() -> None:
    inner = ScriptedBackend(seconds=0.003)
    await dressed(inner).abatch(["hi"] * 9)
    assert inner.most_running == 2


@pytest.mark.parametrize("kind", [ScriptedBackend, StreamingBackend])
async def test_structured_output_and_streams_come_through(kind: type[ScriptedBackend]) -> None:
    backend = dressed(kind(script=lambda _: '{"subject": "a b", "body": "c d"}'))
    structured = backend.with_structured_output(EmailText)
    assert await structured.ainvoke("hi") == structured.invoke("hi") == EmailText(subject="a b", body="c d")
    assert "".join([chunk.text async for chunk in backend.astream("hi")]) == '{"subject": "a b", "body": "c d"}'
    assert "".join(chunk.text for chunk in backend.stream("hi")) == '{"subject": "a b", "body": "c d"}'
    with pytest.raises(MalformedAnswer):
        dressed(kind()).with_structured_output(EmailText).invoke("hi")


async def test_a_reader_that_leaves_frees_the_slot() -> None:
    inner = StreamingBackend()
    backend = dressed(inner)
    for _ in range(5):
        async for _chunk in backend.astream("hi"):
            break
        await asyncio.sleep(0.01)
    assert inner.running == 0
    assert (await asyncio.wait_for(backend.ainvoke("hi"), 1)).text == "one two"


async def test_the_budget_of_the_settings_is_kept_without_a_spending() -> None:
    inner = ScriptedBackend()
    limited = dress(inner, settings=BackendSettings(use="scripted:m", budget_tokens=100, max_tokens=50))
    with pytest.raises(
        BudgetReached, match=r"the budget of backend scripted:m is reached: .* of 100 tokens"
    ) as reached:
        for _ in range(100):
            await limited.ainvoke("hi")
    assert reached.value.scope is BudgetScope.BACKEND
    assert 0 < inner.calls < 10


async def test_the_budget_of_the_settings_is_kept_beside_a_campaigns() -> None:
    whole = Spending(Budget(tokens=10_000), BudgetScope.CAMPAIGN, "campaign c")
    settings = BackendSettings(use="scripted:m", budget_tokens=20, max_tokens=50)
    with pytest.raises(BudgetReached, match="backend scripted:m"):
        await dress(ScriptedBackend(), settings=settings, spendings=[whole]).ainvoke("hi")

"""The shadow answers beside, in its own way and its own traces, and nothing that befalls it reaches the answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from miniatures.agents.context import CampaignContext
from miniatures.agents.roles.writer import WRITER, WriterVariables
from miniatures.agents.seats import Seats
from miniatures.agents.shadowed import ask_seat
from miniatures.backends.ask import Answer
from miniatures.backends.errors import ServerFailed
from miniatures.backends.wrappers.budgeted import BudgetedBackend
from miniatures.backends.wrappers.recorded import RecordedBackend
from miniatures.backends.wrappers.spending import Spending, prospect_spending
from miniatures.datamodel.backend import BackendIdentity, Price
from miniatures.datamodel.campaign import Budget
from miniatures.datamodel.capabilities import SMALL, Capabilities
from miniatures.datamodel.draft import EmailText
from miniatures.datamodel.errors import BudgetReached, BudgetScope
from miniatures.datamodel.seat import Seat
from miniatures.datamodel.trace import Span, Trace
from miniatures.prompts.library import PromptLibrary
from miniatures.store.tracing import Scope, enter_scope, span
from tests.backends.wrappers.scripted import ScriptedBackend, failing
from tests.checks.cases import BRIEF, PROSPECT, evidence

USED, BESIDE = '{"subject": "a", "body": "used"}', '{"subject": "b", "body": "beside"}'
TEACHER = BackendIdentity(provider="scripted", model="teacher")
VARIABLES = WriterVariables.of(BRIEF, PROSPECT, [evidence()])


@dataclass
class Sink:
    traces: list[Trace] = field(default_factory=list)

    def record(self, entry: Trace | Span) -> None:
        if isinstance(entry, Trace):
            self.traces.append(entry)

    def of(self, seat: Seat) -> list[Trace]:
        return [trace for trace in self.traces if trace.seat is seat]


@pytest.fixture
def sink() -> Iterator[Sink]:
    sink = Sink()
    with enter_scope(Scope(sink=sink, run_id="r", campaign="c", prospect="p")):
        yield sink


def student(**fields: Any) -> ScriptedBackend:
    small = Capabilities().with_trust(SMALL)
    return ScriptedBackend(**{"script": lambda _: USED, "capabilities": small, "seen": [], **fields})


def teacher(**fields: Any) -> ScriptedBackend:
    return ScriptedBackend(**{"script": lambda _: BESIDE, "identity": TEACHER, "seen": [], **fields})


async def written(first: Any, second: Any, prompts: PromptLibrary | None = None, **options: Any) -> Answer[EmailText]:
    seats = Seats(RecordedBackend(first), shadow=RecordedBackend(second))
    context = CampaignContext(models={"writer": seats}, brief=BRIEF, prompts=prompts or PromptLibrary())
    with span("stage", "write"):
        return await ask_seat(
            context,
            "writer",
            lambda model, seat: WRITER.ask(
                model, context.prompts, VARIABLES, node="write", attempt=2, seat=seat, **options
            ),
        )


async def test_the_first_is_used_and_the_shadow_traced_in_its_own_way(sink: Sink) -> None:
    first, second = student(), teacher()
    answer = await written(first, second, temperature=0.7)
    assert answer.value is not None and answer.value.body == "used"
    (used,), (beside,) = sink.of(Seat.FIRST), sink.of(Seat.SHADOW)
    assert (used.output, beside.output, beside.backend) == (USED, BESIDE, TEACHER)
    assert (used.role, beside.role, beside.shadow_of, used.shadow_of) == ("writer", "writer", used.id, None)
    assert answer.trace == used.id
    assert (beside.parent_id, beside.node, beside.attempt) == (used.parent_id, "write", 2)
    assert beside.variables == used.variables
    assert [trace.prompt_variant for trace in (used, beside)] == ["compact", "full"]
    assert used.prompt_version != beside.prompt_version
    bound = {"max_tokens", "frequency_penalty"}
    assert bound <= set(first.seen[0]) and bound.isdisjoint(second.seen[0])
    assert second.seen[0]["temperature"] == 0.7
    assert (used.options["temperature"], beside.options["temperature"]) == (0.7, 0.7)


async def test_both_answer_at_once(sink: Sink) -> None:
    started = time.perf_counter()
    await written(student(seconds=0.2), teacher(seconds=0.2))
    assert time.perf_counter() - started < 0.38
    assert len(sink.traces) == 2


@pytest.mark.parametrize("error", [ServerFailed("down"), BudgetReached("spent"), ValueError("a bug")])
async def test_no_failure_of_the_shadow_is_raised(sink: Sink, error: Exception) -> None:
    answer = await written(student(), teacher(script=failing(9, error)))
    assert answer.value is not None and answer.value.body == "used"
    (beside,) = sink.of(Seat.SHADOW)
    assert beside.error is not None
    assert beside.shadow_of == answer.trace


async def test_a_template_that_the_shadow_lacks_hurts_nobody(
    sink: Sink, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "writer.full.jinja").write_text("{% block user %}{{ nothing }}{% endblock %}")
    answer = await written(student(), teacher(), PromptLibrary(tmp_path))
    assert answer.value is not None
    assert sink.of(Seat.SHADOW) == []
    assert "the shadow scripted:teacher gave no answer" in caplog.text


async def test_a_failed_or_cancelled_call_takes_its_shadow_with_it(sink: Sink) -> None:
    with pytest.raises(ServerFailed):
        await asyncio.wait_for(
            written(student(seconds=0.05, script=failing(9, ServerFailed("down"))), teacher(seconds=30)), 5
        )
    for first, second in ((student(seconds=30), teacher()), (student(), teacher(seconds=30))):
        call = asyncio.create_task(written(first, second))
        await asyncio.sleep(0.05)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(call, 5)
    assert [trace.error is None for trace in sink.of(Seat.SHADOW)] == [False, True, False]


async def test_the_prospects_budget_is_not_the_shadows(sink: Sink) -> None:
    price = Price(input_per_million=1, output_per_million=1)
    own = Spending(Budget(tokens=1_000_000), BudgetScope.BACKEND, "backend teacher")
    prospect = Spending(Budget(tokens=1_000_000), BudgetScope.PROSPECT, "prospect p")
    first = BudgetedBackend(student(price=price))
    second = BudgetedBackend(teacher(price=price), spendings=(own,))
    token = prospect_spending.set(prospect)
    await written(first, second)
    prospect_spending.reset(token)
    assert (own.bill.usage.total_tokens, prospect.bill.usage.total_tokens) == (12, 12)
    assert [len(sink.of(seat)) for seat in (Seat.FIRST, Seat.SHADOW)] == [1, 1]


async def test_a_role_without_a_shadow_and_a_fallback_are_asked_alone(sink: Sink) -> None:
    seats = Seats(RecordedBackend(student()), RecordedBackend(teacher()), RecordedBackend(teacher()))
    context = CampaignContext(models={"writer": seats}, brief=BRIEF)

    async def ask(model: Any, seat: Seat) -> Answer[EmailText]:
        return await WRITER.ask(model, context.prompts, VARIABLES, node="write", seat=seat)

    await ask_seat(context, "writer", ask, Seat.FALLBACK)
    assert [trace.seat for trace in sink.traces] == [Seat.FALLBACK]

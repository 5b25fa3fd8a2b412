"""Budgets are hard: nothing overshoots however many calls are in flight, and nothing is refused without need."""

from __future__ import annotations

import asyncio
import contextlib
import threading

import pytest
from langchain_core.messages import HumanMessage

from miniatures.backends.errors import RateLimited, ServerFailed, TimedOut
from miniatures.backends.grounded_text import KEYWORD
from miniatures.backends.wrappers.budgeted import BudgetedBackend, Spending, estimate_tokens, prospect_spending
from miniatures.datamodel.backend import Price
from miniatures.datamodel.campaign import Budget
from miniatures.datamodel.errors import BudgetReached, BudgetScope, InputError
from tests.backends.wrappers.scripted import ScriptedBackend, StreamingBackend

PRICE = Price(input_per_million=1_000_000, output_per_million=2_000_000, cached_per_million=500_000)  # $1 a token
COST_OF_ONE_CALL = 6 * 1.0 + 4 * 0.5 + 2 * 2.0


def tokens(limit: int | None, **already: int) -> Spending:
    return Spending(Budget(tokens=limit), BudgetScope.CAMPAIGN, "campaign autumn", **already)


async def test_what_was_reported_is_what_was_spent() -> None:
    spending = tokens(10_000)
    await BudgetedBackend(ScriptedBackend(price=PRICE), spendings=[spending]).ainvoke("hi")
    assert spending.spent.tokens == spending.bill.usage.total_tokens == 12
    assert spending.bill.usage.cached_tokens == 4
    assert spending.bill.cost_usd == COST_OF_ONE_CALL


async def test_many_at_once_never_overshoot_and_use_the_budget_up() -> None:
    backend = ScriptedBackend(seconds=0.002)
    spending = tokens(500)
    guarded = BudgetedBackend(backend, spendings=[spending], answer_tokens=20)
    answers = await asyncio.gather(*(guarded.ainvoke("hi") for _ in range(100)), return_exceptions=True)
    refused = [answer for answer in answers if isinstance(answer, BudgetReached)]
    assert spending.spent.tokens == 12 * backend.calls <= 500
    assert spending.spent.tokens > 500 - 40, "a call that would have fitted was refused"
    assert len(refused) == 100 - backend.calls > 0


def test_threads_never_overshoot_either() -> None:
    backend, spending = ScriptedBackend(seconds=0.002), tokens(200)
    guarded = BudgetedBackend(backend, spendings=[spending], answer_tokens=20)

    def call() -> None:
        with contextlib.suppress(BudgetReached):
            guarded.invoke("hi")

    threads = [threading.Thread(target=call) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert 160 < spending.spent.tokens <= 200


async def test_the_message_names_limit_amount_and_cure() -> None:
    spending = tokens(1000, already_tokens=990)
    with pytest.raises(BudgetReached) as caught:
        await BudgetedBackend(ScriptedBackend(), spendings=[spending]).ainvoke("hi")
    assert "campaign autumn" in caught.value.message
    assert "990 of 1,000 tokens" in caught.value.message
    assert "budget.tokens" in caught.value.hint
    assert caught.value.scope is BudgetScope.CAMPAIGN


async def test_a_raised_limit_resumes() -> None:
    backend = ScriptedBackend()
    await BudgetedBackend(backend, spendings=[tokens(2000, already_tokens=990)], answer_tokens=100).ainvoke("hi")
    assert backend.calls == 1


async def test_several_budgets_hold_together() -> None:
    wide, narrow = tokens(10_000), Spending(Budget(tokens=30), BudgetScope.BACKEND, "backend teacher")
    guarded = BudgetedBackend(ScriptedBackend(), spendings=[wide, narrow], answer_tokens=5)
    await guarded.ainvoke("hi")
    with pytest.raises(BudgetReached, match="backend teacher"):
        for _ in range(5):
            await guarded.ainvoke("hi")
    assert wide.spent == narrow.spent


async def test_the_prospect_s_budget_comes_with_the_task() -> None:
    guarded = BudgetedBackend(ScriptedBackend(), answer_tokens=10)

    async def work(limit: int) -> int:
        spending = Spending(Budget(tokens=limit), BudgetScope.PROSPECT, "this prospect")
        prospect_spending.set(spending)
        for _ in range(10):
            try:
                await guarded.ainvoke("hi")
            except BudgetReached as error:
                assert error.scope is BudgetScope.PROSPECT
        return spending.spent.tokens

    assert await asyncio.gather(asyncio.create_task(work(30)), asyncio.create_task(work(10_000))) == [12, 120]


async def test_usd_is_limited_by_the_price() -> None:
    spending = Spending(Budget(usd=50), BudgetScope.CAMPAIGN, "campaign autumn")
    guarded = BudgetedBackend(ScriptedBackend(price=PRICE), spendings=[spending], answer_tokens=5)
    with pytest.raises(BudgetReached, match=r"\$36\.0000 of \$50\.0000"):
        for _ in range(10):
            await guarded.ainvoke("hi")
    assert spending.spent.usd == 3 * COST_OF_ONE_CALL


def test_a_usd_limit_without_a_price_is_refused_at_the_start() -> None:
    with pytest.raises(InputError, match="price of scripted:m is not known") as caught:
        BudgetedBackend(ScriptedBackend(), spendings=[Spending(Budget(usd=5), BudgetScope.CAMPAIGN, "campaign")])
    assert "price:" in caught.value.hint


async def test_an_unknown_price_is_no_zero() -> None:
    spending = tokens(None)
    await BudgetedBackend(ScriptedBackend(), spendings=[spending]).ainvoke("hi")
    assert spending.bill.cost_usd is None
    assert tokens(None).bill.cost_usd == 0.0, "nothing asked, nothing spent"


async def test_a_refused_call_costs_nothing_and_one_that_was_cut_off_counts_in_full() -> None:
    for error, spent in [(ServerFailed("no"), 0), (RateLimited("no"), 0), (TimedOut("late"), 109)]:
        spending = tokens(1000)
        guarded = BudgetedBackend(ScriptedBackend(script=lambda _, e=error: e), spendings=[spending], answer_tokens=100)
        with pytest.raises(type(error)):
            await guarded.ainvoke("hi")
        assert spending.spent.tokens == spent
        assert spending.bill.usage.total_tokens == 0, "tokens that nobody reported"


async def test_a_cancelled_call_frees_its_reservation() -> None:
    spending = tokens(400)
    guarded = BudgetedBackend(ScriptedBackend(seconds=5), spendings=[spending], answer_tokens=100)
    task = asyncio.create_task(guarded.ainvoke("hi"))
    await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert spending.spent.tokens == 109
    rest = BudgetedBackend(ScriptedBackend(), spendings=[spending], answer_tokens=400 - 109 - 9)
    await asyncio.wait_for(rest.ainvoke("hi"), 1)  # takes all that is left, so nothing is held back


async def test_streams_are_settled_by_their_last_chunk() -> None:
    spending = tokens(1000)
    guarded = BudgetedBackend(StreamingBackend(), spendings=[spending], answer_tokens=100)
    assert [chunk async for chunk in guarded.astream("hi")]
    assert spending.spent.tokens == 12
    assert list(guarded.stream("hi"))
    assert spending.spent.tokens == 24


async def test_an_answer_without_usage_counts_as_the_most_it_can_have_cost() -> None:
    spending = tokens(1000)
    await BudgetedBackend(ScriptedBackend(usage=None), spendings=[spending], answer_tokens=100).ainvoke("hi")
    assert spending.spent.tokens == 109
    assert spending.bill.cost_usd is None


async def test_without_a_limit_nothing_is_added_to_the_call() -> None:
    backend = ScriptedBackend()
    await BudgetedBackend(backend, spendings=[tokens(None)]).ainvoke("hi")
    assert "max_tokens" not in backend.seen[0]
    await BudgetedBackend(backend, spendings=[tokens(10_000)], answer_tokens=77).ainvoke("hi")
    assert backend.seen[1]["max_tokens"] == 77


@pytest.mark.parametrize("text", ["", "plain words", "Grüße aus Köln", "冷蔵倉庫" * 30, "\ud800"])
def test_estimates_grow_with_the_text(text: str) -> None:
    once, twice = (estimate_tokens([HumanMessage(text * times)]) for times in (1, 2))
    assert 0 < once <= twice


def test_estimates_are_from_above_for_the_embedded_tokenizer() -> None:
    english = "We opened a second cold-storage site near Rotterdam in May 2026, with 40,000 pallet places. " * 20
    assert estimate_tokens([HumanMessage(english)]) > len(english) / 3.5


def test_words_that_only_a_grammar_reads_are_no_prompt_tokens() -> None:
    plain = {"type": "object", "properties": {"body": {"type": "string"}}}
    held = {"type": "object", "properties": {"body": {"type": "string", KEYWORD: {"openings": ["The"] * 5_000}}}}
    asked = [HumanMessage("hi")]
    assert estimate_tokens(asked, held) == estimate_tokens(asked, plain) > estimate_tokens(asked)

"""The runner settles each prospect once, whatever stops it in between, and says how it ended."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatResult

from miniatures.agents.run_events import RunEvent, RunOutcome
from miniatures.backends.errors import AuthenticationFailed, ServerFailed
from miniatures.backends.wrappers.budgeted import BudgetedBackend
from miniatures.backends.wrappers.spending import Spending
from miniatures.datamodel.backend import BackendIdentity
from miniatures.datamodel.campaign import Budget
from miniatures.datamodel.draft import DraftStatus
from miniatures.datamodel.errors import BudgetScope, CampaignBusy
from miniatures.datamodel.prospect import BadRow
from miniatures.store.open import open_store
from tests.chaos.small_campaign import NAME, SteadyBackend, prospects, run_small_campaign, sqlite_url


class FailingBackend(SteadyBackend):
    """Refuses every call with the same error."""

    error: Exception

    async def _agenerate(self, *_: object, **__: object):
        raise self.error


def calls(url: str) -> int:
    with open_store(url) as store:
        return sum(1 for _ in store.traces(NAME))


def emails_by_status(url: str) -> dict[str, DraftStatus]:
    with open_store(url) as store:
        return {result.prospect.email: result.status for result in store.results(NAME)}


async def test_every_prospect_is_settled_and_reported(tmp_path: Path) -> None:
    events: list[RunEvent] = []
    summary = await run_small_campaign(sqlite_url(tmp_path), 12, on_event=events.append)
    assert summary.outcome is RunOutcome.COMPLETED
    assert summary.by_status == {DraftStatus.NEEDS_REVIEW: 12}
    assert [event.done for event in events] == list(range(1, 13))
    assert events[-1].tokens == summary.usage.total_tokens > 0
    assert summary.cost_usd is None, "a price that nobody stated is unknown, not zero"


async def test_a_second_run_asks_no_model(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path)
    await run_small_campaign(url, 10)
    before = calls(url)
    summary = await run_small_campaign(url, 10)
    assert (summary.new, summary.reused) == (0, 10)
    assert calls(url) == before


async def test_a_prospect_that_is_named_is_settled_again(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path)
    await run_small_campaign(url, 4)
    first = next(prospects(1))
    summary = await run_small_campaign(url, 4, again=frozenset({first.key}))
    assert (summary.new, summary.reused) == (1, 3)


async def test_a_swapped_backend_makes_new_results_beside_the_old(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path)
    await run_small_campaign(url, 5)
    other = SteadyBackend(identity=BackendIdentity(provider="steady", model="other"))
    summary = await run_small_campaign(url, 5, other, policy="other")
    assert (summary.new, summary.reused) == (5, 0)
    with open_store(url) as store:
        assert {result.draft.backend for result in store.results(NAME, "steady")} == {"steady:steady"}
        assert {result.draft.backend for result in store.results(NAME, "other")} == {"steady:other"}
        gathered = [entry.attributes["recalled"] for entry in store.spans(NAME) if entry.name == "gather"]
    assert sorted(gathered) == [False] * 5 + [True] * 5, "research is shared, whoever writes"


async def test_a_stop_drains_and_the_next_run_goes_on(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path)
    stop = asyncio.Event()

    def stop_after_six(event: RunEvent) -> None:
        if event.done == 6:
            stop.set()

    first = await run_small_campaign(url, 30, on_event=stop_after_six, stop=stop)
    assert first.outcome is RunOutcome.INTERRUPTED
    assert 6 <= first.new < 30
    second = await run_small_campaign(url, 30)
    assert (second.reused, second.new) == (first.new, 30 - first.new)


async def test_a_budget_stops_the_run_and_a_higher_one_resumes_it(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path)

    def guarded(tokens: int, already: int = 0) -> BudgetedBackend:
        spending = Spending(Budget(tokens=tokens), BudgetScope.CAMPAIGN, "campaign small", already_tokens=already)
        return BudgetedBackend(SteadyBackend(), spendings=(spending,), answer_tokens=40)

    first = await run_small_campaign(url, 20, guarded(9_000))
    assert first.outcome is RunOutcome.BUDGET_REACHED
    assert first.usage.total_tokens <= 9_000
    assert "campaign small" in first.message
    assert first.new < 20
    second = await run_small_campaign(url, 20, guarded(10_000_000, already=first.usage.total_tokens))
    assert second.outcome is RunOutcome.COMPLETED
    assert len(emails_by_status(url)) == 20


async def test_a_prospects_own_budget_ends_only_that_prospect(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path)
    model = BudgetedBackend(SteadyBackend(), answer_tokens=40)
    summary = await run_small_campaign(url, 3, model, prospect_budget=Budget(tokens=60))
    assert summary.outcome is RunOutcome.COMPLETED
    assert summary.by_status == {DraftStatus.OVER_BUDGET: 3}


async def test_a_refused_key_halts_the_run_at_once(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path)
    model = FailingBackend(error=AuthenticationFailed("the key was refused", hint="Set another."))
    summary = await run_small_campaign(url, 30, model)
    assert summary.outcome is RunOutcome.BACKEND_UNAVAILABLE
    assert (summary.message, summary.hint) == ("the key was refused", "Set another.")
    assert summary.new == 0


async def test_a_backend_that_is_down_halts_the_run_after_some_failures(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path)
    summary = await run_small_campaign(url, 60, FailingBackend(error=ServerFailed("the server is down")))
    assert summary.outcome is RunOutcome.BACKEND_UNAVAILABLE
    failed = summary.by_status[DraftStatus.FAILED]
    assert 20 <= failed < 60
    resumed = await run_small_campaign(url, 60)
    assert resumed.by_status == {DraftStatus.NEEDS_REVIEW: 60}, "what failed is tried again"


class OddBackend(SteadyBackend):
    """Trips over one prospect, in a way that nobody foresaw."""

    async def _agenerate(self, messages: list[BaseMessage], *rest: object, **options: object) -> ChatResult:
        if "Number1003" in messages[-1].text:
            raise ZeroDivisionError("division by zero")
        return await super()._agenerate(messages, *rest, **options)  # type: ignore[arg-type]


async def test_one_prospects_trouble_is_not_the_others(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path)
    summary = await run_small_campaign(url, 6, OddBackend())
    assert summary.by_status == {DraftStatus.NEEDS_REVIEW: 5, DraftStatus.FAILED: 1}
    with open_store(url) as store:
        (failed,) = [result for result in store.results(NAME) if result.status is DraftStatus.FAILED]
    assert failed.error == "ZeroDivisionError: division by zero"


async def test_a_second_process_is_refused(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path)
    with open_store(url) as store, store.campaign_lock(NAME), pytest.raises(CampaignBusy, match="being run by process"):
        await run_small_campaign(url, 3)


async def test_bad_rows_are_counted_and_stop_nobody(tmp_path: Path) -> None:
    rows = [BadRow(line=2, reason="no address"), *prospects(2), BadRow(line=5, reason="no company")]
    summary = await run_small_campaign(sqlite_url(tmp_path), rows=rows)
    assert summary.new == 2
    assert [row.line for row in summary.bad_rows] == [2, 5]

"""The runner settles each prospect once, whatever stops it in between, and says how it ended."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatResult

from miniatures.agents.run_events import RunEvent
from miniatures.agents.runner import RunOutcome
from miniatures.agents.seats import Seats
from miniatures.backends.errors import AuthenticationFailed, ServerFailed
from miniatures.backends.wrappers.budgeted import BudgetedBackend
from miniatures.backends.wrappers.recorded import RecordedBackend
from miniatures.backends.wrappers.spending import Spending
from miniatures.datamodel.backend import BackendIdentity
from miniatures.datamodel.campaign import Budget, WritingSettings
from miniatures.datamodel.capabilities import SMALL, Capabilities
from miniatures.datamodel.draft import DraftStatus
from miniatures.datamodel.errors import BudgetScope, CampaignBusy
from miniatures.datamodel.prospect import BadRow
from miniatures.store.open import open_store
from tests.chaos.small_campaign import (
    NAME,
    HeldPages,
    SteadyBackend,
    prospects,
    run_small_campaign,
    small_context,
    sqlite_url,
)


class FailingBackend(SteadyBackend):
    """Refuses every call with the same error."""

    error: Exception

    async def _agenerate(self, *_: object, **__: object):
        raise self.error


class HeldElsewhere(HeldPages):
    """The same provider over another folder."""

    identity = "held:elsewhere"


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
    assert events[-1].bill == summary.bill
    assert summary.bill.usage.total_tokens > 0
    assert summary.bill.cost_usd is None, "a price that nobody stated is unknown, not zero"


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
    summary = await run_small_campaign(url, 5, other)
    assert (summary.new, summary.reused) == (5, 0)
    with open_store(url) as store:
        assert {result.draft.backend for result in store.results(NAME, small_context().policy.hash)} == {
            "steady:steady"
        }
        assert {result.draft.backend for result in store.results(NAME, small_context(other).policy.hash)} == {
            "steady:other"
        }
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
    assert first.bill.usage.total_tokens <= 9_000
    assert "campaign small" in first.message
    assert first.new < 20
    second = await run_small_campaign(url, 20, guarded(10_000_000, already=first.bill.usage.total_tokens))
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
            raise ZeroDivisionError("at https://ana:hunter2@gateway.example/")
        return await super()._agenerate(messages, *rest, **options)  # type: ignore[arg-type]


async def test_one_prospects_trouble_is_not_the_others(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path)
    summary = await run_small_campaign(url, 6, OddBackend())
    assert summary.by_status == {DraftStatus.NEEDS_REVIEW: 5, DraftStatus.FAILED: 1}
    with open_store(url) as store:
        (failed,) = [result for result in store.results(NAME) if result.status is DraftStatus.FAILED]
        spans = list(store.spans(NAME, failed.prospect.key))
    assert failed.error == "ZeroDivisionError"
    assert {span.error for span in spans} >= {"ZeroDivisionError"}
    assert "hunter2" not in "".join(span.model_dump_json() for span in spans)


async def test_a_second_process_is_refused(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path)
    with open_store(url) as store, store.campaign_lock(NAME), pytest.raises(CampaignBusy, match="being run by process"):
        await run_small_campaign(url, 3)


async def test_bad_rows_are_counted_and_stop_nobody(tmp_path: Path) -> None:
    rows = [BadRow(line=2, reason="no address"), *prospects(2), BadRow(line=5, reason="no company")]
    summary = await run_small_campaign(sqlite_url(tmp_path), rows=rows)
    assert summary.new == 2
    assert [row.line for row in summary.bad_rows] == [2, 5]


async def test_the_run_keeps_its_policy_and_every_trace_names_it(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path)
    await run_small_campaign(url, 2)
    policy = small_context().policy
    with open_store(url) as store:
        assert store.policy(policy.hash) == policy
        assert {run.policy for run in store.runs(NAME)} == {policy.hash}
        assert {trace.policy for trace in store.traces(NAME)} == {policy.hash}


@pytest.mark.parametrize(
    "change",
    [
        {"search": HeldElsewhere()},
        {"write": WritingSettings(samples=3, rewrites=1)},
        {"models": SteadyBackend(warmth=0.3)},
        {"models": SteadyBackend(capabilities=Capabilities(probability=True).with_trust(SMALL))},
    ],
)
def test_what_changes_an_answer_changes_the_policy(change: dict[str, Any]) -> None:
    """Another path behind a search, another sampling, another way of being asked."""
    assert small_context(**change).policy.hash != small_context().policy.hash


async def test_a_corrected_row_is_worked_on_again(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path)
    rows = list(prospects(4))
    await run_small_campaign(url, rows=rows)
    moved = [rows[0].model_copy(update={"website": "http://moved.example/"}), *rows[1:]]
    summary = await run_small_campaign(url, rows=moved)
    assert (summary.new, summary.reused) == (1, 3)
    summary = await run_small_campaign(url, rows=moved)
    assert (summary.new, summary.reused) == (0, 4)


async def test_a_draft_leads_to_the_calls_behind_it(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path)
    await run_small_campaign(url, 3)
    with open_store(url) as store:
        for result in store.results(NAME):
            draft, dossier = result.draft, result.dossier
            assert draft is not None and dossier is not None and draft.trace == draft.id
            written = store.trace(draft.trace)
            assert written is not None and written.structured == draft.text.model_dump()
            chosen = {fact.trace for fact in dossier.facts}
            assert chosen <= set(written.sources)
            named = store.traces_named(list(written.sources))
            assert {named[trace].role for trace in chosen} == {"researcher"}
            assert all(named[trace].options["schema"] == "Sighting" for trace in chosen)
            if written.attempt > 1:
                refused = [trace for trace in named.values() if trace.role == "writer"]
                assert [trace.attempt for trace in refused] == [written.attempt - 1]


async def test_a_spent_fallback_halts_nothing_but_itself(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path)
    limit = Spending(Budget(tokens=1_500), BudgetScope.BACKEND, "backend teacher", backend="steady:teacher")
    teacher = SteadyBackend(identity=BackendIdentity(provider="steady", model="teacher"))
    guarded = BudgetedBackend(RecordedBackend(teacher), spendings=(limit,), answer_tokens=40)
    summary = await run_small_campaign(url, 12, Seats(RecordedBackend(SteadyBackend()), fallback=guarded))
    assert summary.outcome is RunOutcome.COMPLETED
    assert summary.by_status == {DraftStatus.NEEDS_REVIEW: 12}
    with open_store(url) as store:
        drafts = [result.draft for result in store.results(NAME) if result.draft is not None]
    told = [problem.kind for draft in drafts for problem in draft.problems]
    assert 0 < len(told) < 12 and set(told) == {"budget_reached"}


async def test_a_spent_backend_of_an_indispensable_role_ends_the_run_as_a_budget(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path)
    limit = Spending(Budget(tokens=4_000), BudgetScope.BACKEND, "backend student", backend="steady:steady")
    guarded = BudgetedBackend(RecordedBackend(SteadyBackend()), spendings=(limit,), answer_tokens=40)
    summary = await run_small_campaign(url, 20, Seats(guarded))
    assert summary.outcome is RunOutcome.BUDGET_REACHED
    assert "backend student" in summary.message
    assert summary.new < 20
    resumed = await run_small_campaign(url, 20)
    assert resumed.outcome is RunOutcome.COMPLETED
    assert resumed.new + resumed.reused == 20

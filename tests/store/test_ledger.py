"""The ledger against a plain dictionary: whatever is done in whatever order, it remembers what was finished last."""

from __future__ import annotations

import asyncio
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from miniatures.store import sql_ledger
from miniatures.store.ledger import StageKey
from miniatures.store.open import Store, open_store

_numbers = count()

# NUL and lone surrogates are replaced, so they are left to test_documents.py.
_text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
_json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | _text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_text, inner, max_size=4),
    max_leaves=8,
)
_keys = st.builds(
    StageKey,
    stage=st.sampled_from(["research", "write", "it's \\odd\"\n"]),
    prospect=st.sampled_from(["a", "b", "c", "d", "e", "%s:x"]),
    inputs=st.sampled_from(["1", "2"]),
)


def ledger_machine(url: str) -> type[RuleBasedStateMachine]:
    class LedgerMachine(RuleBasedStateMachine):
        @initialize()
        def begin(self) -> None:
            self.campaign = f"campaign-{next(_numbers)}"
            self.finished: dict[StageKey, Any] = {}
            self.runner = asyncio.Runner()
            self.store = open_store(url)

        @rule(results=st.dictionaries(_keys, _json, min_size=1, max_size=6))
        def finish_together(self, results: dict[StageKey, Any]) -> None:
            async def finish() -> None:
                ledger = self.store.ledger(self.campaign)
                await asyncio.gather(*(ledger.finish(key, result) for key, result in results.items()))

            self.runner.run(finish())
            self.finished |= results

        @rule(keys=st.lists(_keys, min_size=1, max_size=6))
        def recall_together(self, keys: list[StageKey]) -> None:
            async def recall() -> list[Any]:
                ledger = self.store.ledger(self.campaign)
                return await asyncio.gather(*(ledger.recall(key) for key in keys))

            assert self.runner.run(recall()) == [self.finished.get(key) for key in keys]

        @rule(stale=_keys, key=_keys, result=_json)
        def recall_while_finishing(self, stale: StageKey, key: StageKey, result: Any) -> None:
            async def overlap() -> Any:
                ledger = self.store.ledger(self.campaign)
                await asyncio.gather(ledger.recall(stale), ledger.finish(key, result), ledger.recall(key))
                return await ledger.recall(key)

            assert self.runner.run(overlap()) == result
            self.finished[key] = result

        @rule(key=_keys)
        def forget(self, key: StageKey) -> None:
            self.runner.run(self.store.forget_stages(self.campaign, key.prospect))
            self.finished = {kept: result for kept, result in self.finished.items() if kept.prospect != key.prospect}

        @rule()
        def reopen(self) -> None:
            self.store.close()
            self.store = open_store(url)

        def teardown(self) -> None:
            if hasattr(self, "store"):
                self.store.close()
                self.runner.close()

    return LedgerMachine


@pytest.mark.slow
def test_the_ledger_is_a_dictionary(store_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sql_ledger, "_PROSPECTS_AT_HAND", 2)
    run_state_machine_as_test(
        ledger_machine(store_url),
        settings=settings(
            max_examples=25, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


async def test_campaigns_do_not_share_stages(store: Store) -> None:
    key = StageKey.of("write", "someone", brief="1")
    await store.ledger("one").finish(key, {"of": "one"})
    assert await store.ledger("two").recall(key) is None
    assert await store.ledger("one").recall(key) == {"of": "one"}


async def test_what_is_no_json_is_refused_and_hurts_nobody(store: Store) -> None:
    ledger = store.ledger("one")
    with pytest.raises(TypeError, match="object"):
        await ledger.finish(StageKey.of("write", "someone"), {"result": object()})
    await ledger.finish(StageKey.of("write", "someone"), {"result": 1})


async def test_an_answer_is_the_callers_own(store: Store) -> None:
    ledger, key = store.ledger("one"), StageKey.of("write", "someone")
    await ledger.finish(key, {"facts": [1]})
    (await ledger.recall(key))["facts"].append(2)
    assert await ledger.recall(key) == {"facts": [1]}


async def test_recalls_and_finishes_share_transactions(store: Store) -> None:
    """A thousand tasks cost a few dozen transactions, not thousands."""
    commits: list[int] = []
    commit = store._writer._serve
    store._writer._serve = lambda group: (commits.append(len(group)), commit(group))[1]  # type: ignore[method-assign]
    ledger = store.ledger("one")
    await asyncio.gather(*(ledger.finish(StageKey.of("write", f"p{number}"), number) for number in range(1000)))
    assert sum(commits) == 1000
    assert len(commits) < 50


async def test_memory_at_hand_is_bounded(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sql_ledger, "_PROSPECTS_AT_HAND", 10)
    ledger = store.ledger("one")
    for number in range(50):
        await ledger.recall(StageKey.of("write", f"p{number}"))
    assert len(ledger._at_hand) == 10
    assert not ledger._loads


async def test_a_cancelled_recall_leaves_nothing_behind(store: Store) -> None:
    ledger, key = store.ledger("one"), StageKey.of("write", "someone")
    task = asyncio.create_task(ledger.recall(key))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert not ledger._loads
    await ledger.finish(key, 7)
    assert await ledger.recall(key) == 7

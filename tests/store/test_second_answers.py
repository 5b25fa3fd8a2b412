"""What a fallback or a shadow wrote is found again: as training candidates, and beside what was used."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from miniatures.store.ledger import StageKey
from miniatures.store.open import Store
from miniatures.store.second_answers import shadow_pairs, teacher_candidates
from tests.store.databases import CAMPAIGN, person, trace_of

START = datetime(2026, 11, 22, tzinfo=UTC)


def answer(output: str, role: str, second: int = 0, **fields: Any) -> Any:
    plain = {
        "role": role,
        "output": output,
        "structured": {"body": output},
        "prompt_name": "writer",
        "variables": {"company": "Acme"},
        "parent_id": "stage",
        "started_at": START + timedelta(seconds=second),
    }
    return trace_of(person(1), **(plain | fields))


async def keep(store: Store, *traces: Any) -> None:
    for trace in traces:
        store.recorder.record(trace)
    await store.ledger(CAMPAIGN).finish(StageKey.of("saved", "all"), None)


async def test_whole_answers_of_teachers_are_candidates(store: Store) -> None:
    await keep(
        store,
        answer("student", "writer"),
        answer("fell back", "fallback"),
        answer("beside", "shadow"),
        answer("failed", "fallback", error="TimedOut: late"),
        answer("no JSON", "fallback", structured=None),
        answer("no variables", "shadow", variables={}),
        answer("elsewhere", "fallback", campaign="another"),
    )
    found = list(teacher_candidates(store, CAMPAIGN))
    assert [trace.output for trace in found] == ["fell back", "beside"]
    assert all((trace.prompt_name, trace.variables) == ("writer", {"company": "Acme"}) for trace in found)


async def test_pairs_are_of_one_question(store: Store) -> None:
    await keep(
        store,
        answer("used 2", "writer", second=2),
        answer("used 1", "writer", second=1),
        answer("beside 2", "shadow", second=2),
        answer("beside 1", "shadow", second=1),
        answer("used 0", "writer", second=0),
        answer("cut off beside 0", "shadow", second=0, structured=None),
        answer("alone", "writer", attempt=2),
        answer("used again", "writer", attempt=3),
        answer("failed beside", "shadow", attempt=3, error="TimedOut: late", structured=None),
        answer("other stage", "shadow", parent_id="other"),
        answer("sentences", "researcher", prompt_name="researcher", node="select"),
        answer("sentences beside", "shadow", prompt_name="researcher", node="select"),
        answer("fell back", "fallback", attempt=4),
    )
    pairs = [(pair.used.output, pair.shadow.output) for pair in shadow_pairs(store, CAMPAIGN)]
    assert pairs == [("used 1", "beside 1"), ("used 2", "beside 2"), ("sentences", "sentences beside")]


async def test_a_prospects_spending_leaves_the_shadow_out_and_the_campaigns_does_not(store: Store) -> None:
    sly = {"company": '"role":"shadow"', "role": "shadow-like"}
    await keep(store, answer("used", "writer", variables=sly), answer("beside", "shadow"))
    assert store.spent(CAMPAIGN, person(1).key).total.calls == 1
    assert store.spent(CAMPAIGN).total.calls == 2

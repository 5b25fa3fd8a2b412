"""What a fallback or a shadow wrote is found again: as training candidates, and beside what was used."""

from __future__ import annotations

from typing import Any

from miniatures.datamodel.seat import Seat
from miniatures.store.ledger import StageKey
from miniatures.store.open import Store
from miniatures.store.second_answers import shadow_pairs, teacher_candidates
from tests.store.databases import CAMPAIGN, person, trace_of

FIRST, FALLBACK, SHADOW = Seat


def answer(output: str, seat: Seat, **fields: Any) -> Any:
    plain = {
        "seat": seat,
        "output": output,
        "structured": {"body": output},
        "prompt_name": "writer",
        "variables": {"company": "Acme"},
        "id": output,
    }
    return trace_of(person(1), **(plain | fields))


async def keep(store: Store, *traces: Any) -> None:
    for trace in traces:
        store.recorder.record(trace)
    await store.ledger(CAMPAIGN).finish(StageKey.of("saved", "all"), None)


async def test_whole_answers_of_teachers_are_candidates(store: Store) -> None:
    await keep(
        store,
        answer("student", FIRST),
        answer("beside", SHADOW),
        answer("fell back", FALLBACK),
        answer("failed", FALLBACK, error="TimedOut: late"),
        answer("no JSON", FALLBACK, structured=None),
        answer("no variables", SHADOW, variables={}),
        answer("elsewhere", FALLBACK, campaign="another"),
    )
    found = list(teacher_candidates(store, CAMPAIGN))
    assert [trace.output for trace in found] == ["beside", "fell back"]
    assert all((trace.prompt_name, trace.variables) == ("writer", {"company": "Acme"}) for trace in found)


async def test_a_shadow_is_paired_with_the_call_that_it_names(store: Store) -> None:
    await keep(
        store,
        answer("1 used", FIRST),
        answer("2 used", FIRST),
        answer("a beside 2", SHADOW, shadow_of="2 used"),
        answer("b beside 1", SHADOW, shadow_of="1 used"),
        answer("c cut off beside 1", SHADOW, shadow_of="1 used", structured=None),
        answer("3 failed", FIRST, error="TimedOut: late"),
        answer("d beside 3", SHADOW, shadow_of="3 failed"),
        answer("e beside what is not saved", SHADOW, shadow_of="never saved"),
        answer("4 fell back", FALLBACK),
    )
    pairs = [(pair.used.output, pair.shadow.output) for pair in shadow_pairs(store, CAMPAIGN)]
    assert pairs == [("2 used", "a beside 2"), ("1 used", "b beside 1")]


async def test_a_prospects_spending_leaves_the_shadow_out_and_the_campaigns_does_not(store: Store) -> None:
    await keep(store, answer("used", FIRST, variables={"company": '"seat":"shadow"'}), answer("beside", SHADOW))
    assert store.spent(CAMPAIGN, person(1).key).total.calls == 1
    assert store.spent(CAMPAIGN).total.calls == 2

"""Whom was worked on: in the order that is asked for, found by a word, with what the calls of a page came to."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from miniatures.datamodel.backend import Bill, Usage
from miniatures.datamodel.draft import DraftStatus
from miniatures.datamodel.prospect import Prospect
from miniatures.store.open import Store
from miniatures.store.spending import Spending
from miniatures.store.trace_listing import Work, WorkFilter, WorkOrder
from tests.store.databases import CAMPAIGN, person, span_of, trace_of
from tests.store.test_results import result_of

LATE = datetime(2026, 11, 3, tzinfo=UTC)


async def settle(store: Store, *people: Prospect, cost: float | None = None, tokens: int = 0, **fields: object) -> None:
    for who in people:
        bill = Bill(usage=Usage(input_tokens=tokens), cost_usd=cost)
        await store.save_result(result_of(who, bill=bill, **fields))


def listed(store: Store, **asked: str) -> list[str]:
    return [row.email.partition("@")[0] for row in store.work(CAMPAIGN, WorkFilter.model_validate(asked)).rows]


async def test_in_the_lists_order_and_newest_first(store: Store) -> None:
    await store.enrol(CAMPAIGN, [person(number) for number in range(4)])
    await settle(store, person(2), person(0))
    await settle(store, person(2), policy="second")
    assert listed(store, order="list") == ["person0", "person1", "person2", "person3"]
    assert listed(store, order="newest") == ["person2", "person0", "person1", "person3"]


async def test_costliest_first_then_most_tokens_and_without_a_result_last(store: Store) -> None:
    await store.enrol(CAMPAIGN, [person(number) for number in range(5)])
    await settle(store, person(1), cost=0.0, tokens=10)
    await settle(store, person(2), cost=0.0, tokens=900)
    await settle(store, person(4), cost=0.5)
    await settle(store, person(4), cost=0.75, policy="second")
    await settle(store, person(3), cost=1.0)
    assert listed(store, order="costliest") == ["person4", "person3", "person2", "person1", "person0"]


async def test_a_page_says_how_many_there_are(store: Store) -> None:
    await store.enrol(CAMPAIGN, [person(number) for number in range(7)])
    page = store.work(CAMPAIGN, WorkFilter(order=WorkOrder.LIST), 5, 3)
    assert ([row.company for row in page.rows], page.total) == (["Company 5", "Company 6"], 7)
    found = store.work(CAMPAIGN, WorkFilter(search="company", order=WorkOrder.LIST), 2, 2)
    assert ([row.company for row in found.rows], found.total) == (["Company 2", "Company 3"], 7)
    assert store.work("another", WorkFilter()).total == 0


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("ödegård", ["person1"]),
        ("ÖDEG nordfrost", ["person1"]),
        ("åSA-Örn", ["person1"]),
        ("大谷", ["person2"]),
        ("PERSON2@", ["person2"]),
        ('"quoted"', ["person2"]),
        ("50%", ["person3"]),
        ("50_", []),
        ("secret", []),
        ("first_name", []),
        ("company", ["person3"]),
    ],
)
async def test_a_word_is_found_in_name_company_and_address_alone(store: Store, search: str, found: list[str]) -> None:
    """Small and large letters are the same in every alphabet, and names of columns are no names of people."""
    await store.enrol(
        CAMPAIGN,
        [
            Prospect(email="person1@a.example", first_name="Åsa-örn", last_name="Ödegård", company="NordFrost"),
            Prospect(email="person2@b.example", first_name="大谷", company='Minato "Quoted" K.K.'),
            Prospect(email="person3@c.example", company="50% Company", title="Secret", extra={"note": "secret"}),
        ],
    )
    assert listed(store, search=search, order="list") == found


async def test_what_the_calls_came_to(store: Store) -> None:
    await store.enrol(CAMPAIGN, [person(1), person(2)])
    usage = Usage(input_tokens=10, output_tokens=5, cached_tokens=2)
    for cost, error in ((0.5, None), (None, "Timeout: too slow")):
        store.recorder.record(trace_of(person(1), cost_usd=cost, error=error, total_ms=1500, started_at=LATE))
    store.recorder.record(trace_of(person(2), campaign="another"))
    store.recorder.record(span_of(person(1), error="Blocked: by robots.txt"))
    store.recorder.record(span_of(person(1)))
    await settle(store, person(1), status=DraftStatus.FAILED)
    first, second = store.work(CAMPAIGN, WorkFilter()).rows
    assert first == Work(
        key=person(1).key,
        name="",
        company="Company 1",
        email=person(1).email,
        spending=Spending(2, usage + usage, known_usd=0.5, unknown_calls=1),
        seconds=3.0,
        failed_calls=1,
        failed_steps=1,
        last_call=LATE,
        status=DraftStatus.FAILED,
    )
    assert (second.spending.calls, second.last_call, second.status) == (0, None, DraftStatus.PENDING)


async def test_calls_from_before_somebody_was_listed_count_too(store: Store) -> None:
    store.recorder.record(trace_of(person(1), cost_usd=0.25))
    await store.enrol(CAMPAIGN, [person(1)])
    [row] = store.work(CAMPAIGN, WorkFilter()).rows
    assert row.spending.known_usd == 0.25

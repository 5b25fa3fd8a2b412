"""Enrolment and results: everyone is listed once, in order, with the last result or none."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from miniatures.datamodel.backend import Bill, Usage
from miniatures.datamodel.dossier import Dossier, DossierStatus
from miniatures.datamodel.draft import Draft, DraftStatus
from miniatures.datamodel.prospect import Prospect
from miniatures.datamodel.result import ProspectResult
from miniatures.store import results as results_module
from miniatures.store.open import Store, open_store
from tests.store.databases import CAMPAIGN, person


def result_of(prospect: Prospect, policy: str = "first", **fields: object) -> ProspectResult:
    plain = {"campaign": CAMPAIGN, "policy": policy, "prospect": prospect, "status": DraftStatus.READY}
    return ProspectResult.model_validate(plain | fields)


async def test_everyone_is_listed_once_in_order(store: Store) -> None:
    people = [person(number) for number in range(1203)]
    assert await store.enrol(CAMPAIGN, iter(people)) == 1203
    assert await store.enrol(CAMPAIGN, [*people[600:], person(9999)]) == 604
    listed = list(store.results(CAMPAIGN))
    assert [result.prospect for result in listed] == [*people, person(9999)]
    assert {result.status for result in listed} == {DraftStatus.PENDING}
    assert list(store.results("another")) == []


async def test_enrolling_again_takes_over_new_columns(store_url: str) -> None:
    with open_store(store_url) as store:
        await store.enrol(CAMPAIGN, [person(1), person(2)])
    with open_store(store_url) as store:
        await store.enrol(CAMPAIGN, [person(3), person(1, title="CTO")])
        assert [result.prospect for result in store.results(CAMPAIGN)] == [
            person(1, title="CTO"),
            person(2),
            person(3),
        ]


async def test_the_source_is_read_page_by_page(store: Store) -> None:
    """A source that looks back sees that earlier pages are saved before later ones are read."""
    page = results_module.PAGE

    def source() -> Iterator[Prospect]:
        for number in range(3 * page):
            if number % page == 0:
                assert store.counts(CAMPAIGN)[DraftStatus.PENDING] == number
            yield person(number)

    await store.enrol(CAMPAIGN, source())


async def test_a_result_comes_back_as_it_was(store: Store) -> None:
    bill = Bill(usage=Usage(input_tokens=7, output_tokens=3), cost_usd=0.5)
    draft = Draft(subject="Hello", body="…\nBest", status=DraftStatus.NEEDS_REVIEW, backend="local:small", bill=bill)
    saved = result_of(
        person(1),
        status=DraftStatus.NEEDS_REVIEW,
        draft=draft,
        dossier=Dossier(status=DossierStatus.NOTHING_FOUND),
        error="TimedOut: the server did not answer",
        bill=bill,
        seconds=1.25,
    )
    await store.save_result(saved)
    assert list(store.results(CAMPAIGN)) == [saved]
    assert store.result(CAMPAIGN, person(1).key) == saved == store.result(CAMPAIGN, person(1).key, "first")
    assert store.result(CAMPAIGN, person(1).key, "another") is None


async def test_one_result_a_policy_and_the_last_saved_one_leads(store: Store) -> None:
    await store.enrol(CAMPAIGN, [person(1), person(2)])
    first, second = result_of(person(1), "first"), result_of(person(1), "second", status=DraftStatus.FAILED)
    await store.save_result(first)
    await store.save_result(second)
    assert next(store.results(CAMPAIGN)) == second
    again = result_of(person(1), "first", status=DraftStatus.BLOCKED)
    await store.save_result(again)
    assert next(store.results(CAMPAIGN)) == again
    assert next(store.results(CAMPAIGN, "second")) == second
    assert next(store.results(CAMPAIGN, "third")).status is DraftStatus.PENDING
    assert len(list(store.results(CAMPAIGN))) == 2


async def test_the_last_result_is_known_without_a_clock(store_url: str) -> None:
    """Each process believes that it is an hour earlier than the one before."""
    start = datetime(2026, 6, 1, tzinfo=UTC)
    for step, policy in enumerate(["a", "b", "c"]):
        moment = start - timedelta(hours=step)
        with open_store(store_url, now=lambda moment=moment: moment) as store:
            await store.save_result(result_of(person(1), policy))
            await store.start_run(f"{policy}-run", CAMPAIGN, policy)
    with open_store(store_url) as store:
        assert next(store.results(CAMPAIGN)).policy == "c"


async def test_many_saved_at_once(store: Store) -> None:
    everyone = [person(number) for number in range(300)]
    await store.enrol(CAMPAIGN, everyone)
    await asyncio.gather(*(store.save_result(result_of(someone)) for someone in everyone))
    await asyncio.gather(*(store.save_result(result_of(everyone[0], status=status)) for status in DraftStatus))
    assert len(list(store.results(CAMPAIGN, "first"))) == 300


async def test_counts_add_up_to_everyone(store: Store) -> None:
    await store.enrol(CAMPAIGN, [person(number) for number in range(5)])
    await store.save_result(result_of(person(0)))
    await store.save_result(result_of(person(1), status=DraftStatus.FAILED))
    await store.save_result(result_of(person(1), "second"))
    await store.save_result(result_of(person(2), "second", status=DraftStatus.BLOCKED))
    some = {status: number for status, number in store.counts(CAMPAIGN).items() if number}
    assert some == {DraftStatus.PENDING: 2, DraftStatus.READY: 2, DraftStatus.BLOCKED: 1}
    some = {status: number for status, number in store.counts(CAMPAIGN, "first").items() if number}
    assert some == {DraftStatus.PENDING: 3, DraftStatus.READY: 1, DraftStatus.FAILED: 1}


async def test_statuses_of_some(store: Store) -> None:
    await store.save_result(result_of(person(0)))
    await store.save_result(result_of(person(1), status=DraftStatus.FAILED))
    await store.save_result(result_of(person(2), "second"))
    people = [person(number) for number in range(4)]
    expected = {people[0].key: DraftStatus.READY, people[1].key: DraftStatus.FAILED}
    assert await store.statuses(CAMPAIGN, "first", people) == expected
    assert await store.statuses(CAMPAIGN, "first", []) == {}


async def test_a_corrected_row_is_not_settled(store: Store) -> None:
    await store.enrol(CAMPAIGN, [person(1)])
    await store.save_result(result_of(person(1)))
    corrected = person(1, title="CTO")
    assert await store.statuses(CAMPAIGN, "first", [corrected]) == {}
    await store.enrol(CAMPAIGN, [corrected])
    await store.save_result(result_of(person(1), "late"))
    assert next(store.results(CAMPAIGN, "none yet")).prospect == corrected, "a late result put the old row back"
    await store.save_result(result_of(corrected))
    assert await store.statuses(CAMPAIGN, "first", [corrected]) == {corrected.key: DraftStatus.READY}


@pytest.mark.parametrize("name", ["it's", 'a "quoted" \\ name', "ünïcode", "%s {} :x"])
async def test_odd_campaign_names(store: Store, name: str) -> None:
    await store.enrol(name, [person(1)])
    await store.save_result(result_of(person(1), campaign=name))
    assert [result.campaign for result in store.results(name)] == [name]
    with store.campaign_lock(name):
        pass

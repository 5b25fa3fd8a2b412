"""A follow-up's result stands beside that of the first email: neither hides, replaces or counts as the other."""

from __future__ import annotations

from miniatures.datamodel.draft import Draft, DraftStatus
from miniatures.datamodel.result import ProspectResult, policy_of_step, step_of
from miniatures.store import results as results_module
from miniatures.store.open import Store
from miniatures.store.tallies import Step
from tests.store.databases import CAMPAIGN, person
from tests.store.test_results import result_of

READY, HELD_BACK = DraftStatus.READY, DraftStatus.NEEDS_REVIEW


async def save(store: Store, number: int, policy: str, id: str, status: DraftStatus = READY) -> ProspectResult:
    draft = Draft(id=id, subject="S", body=f"Hello {id}", status=status, backend="local:small")
    result = result_of(person(number), policy, draft=draft, status=status)
    await store.save_result(result)
    return result


def waiting(store: Store) -> list[str]:
    return [one.id for one in store.waiting(CAMPAIGN, "ada")]


def test_the_step_is_told_by_what_a_result_is_kept_under() -> None:
    assert [policy_of_step("abc", step) for step in (0, 1, 9)] == ["abc", "abc+1", "abc+9"]
    assert [step_of(policy) for policy in ("", "abc", "abc+1", "abc+9")] == [0, 0, 1, 9]


async def test_the_first_email_stays_what_a_prospects_result_is(store: Store) -> None:
    first, follow_up = await save(store, 1, "abc", "first"), await save(store, 1, "abc+1", "again", HELD_BACK)
    assert store.result(CAMPAIGN, person(1).key) == first
    assert list(store.results(CAMPAIGN)) == [first]
    assert store.result(CAMPAIGN, person(1).key, "abc+1") == follow_up
    counts = store.counts(CAMPAIGN)
    assert (counts[READY], counts[HELD_BACK], counts[DraftStatus.PENDING]) == (1, 0, 0)
    assert [one.prospect for one in store.outcomes_since(CAMPAIGN, 0)] == [person(1).key]
    assert [*store.outcomes_over_time(CAMPAIGN, Step.MONTH).values()] == [{READY: 1}]


async def test_both_drafts_wait_and_each_is_replaced_by_its_own_kind_alone(store: Store) -> None:
    await save(store, 1, "abc", "first")
    await save(store, 1, "abc+1", "second")
    await save(store, 1, "abc+2", "third")
    assert waiting(store) == ["first", "second", "third"]
    await save(store, 1, "abc", "first anew")
    assert waiting(store) == ["second", "third", "first anew"], "as after `run --redo`"
    await save(store, 1, "other+1", "second anew")
    assert waiting(store) == ["third", "first anew", "second anew"]


async def test_the_newest_follow_up_of_each_step_is_found(store: Store) -> None:
    await save(store, 1, "abc", "first")
    third = await save(store, 1, "abc+2", "third")
    await save(store, 1, "abc+1", "second")
    anew = await save(store, 1, "other+1", "second anew")
    other = await save(store, 2, "abc+1", "to another")
    assert list(store.follow_ups(CAMPAIGN)) == [third, anew, other]
    assert list(store.follow_ups(CAMPAIGN, person(2).key)) == [other]
    assert list(store.follow_ups("another")) == []
    key = person(1).key
    rows = {(key, 1): (person(1).row, READY), (key, 2): (person(1).row, READY)}
    rows[person(2).key, 1] = (person(2).row, READY)
    assert store.follow_up_rows(CAMPAIGN) == rows


async def test_many_are_read_page_by_page(store: Store) -> None:
    saved = [await save(store, number, "abc+1", f"d{number}") for number in range(results_module.PAGE + 2)]
    assert list(store.follow_ups(CAMPAIGN)) == saved

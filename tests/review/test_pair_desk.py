"""Pairs of two arms: found once, shown from the store, gone through in a drawn order by each reviewer."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import ValidationError

from miniatures.inputs.campaign import LoadedCampaign, load_campaign
from miniatures.inputs.scaffold import create_campaign
from miniatures.review.arms import Arms, arms_of, policies_of, unknown_arm
from miniatures.review.done import Done
from miniatures.review.makers import makers, outcomes
from miniatures.review.pair_desk import PairDesk
from miniatures.review.pair_lines import load_pair, pair_lines
from miniatures.review.queue import PairToReview, waiting_pairs
from miniatures.review.reviewing import Shown, compare
from miniatures.store.open import Store, open_store
from tests.chaos.small_campaign import NAME, prospects, run_small_campaign
from tests.cli.test_review_command import write_list
from tests.finetune.reviewed_campaign import OtherBackend, run_with_shadow

COUNT = 4
BACKENDS = Arms(first="steady:steady", second="other:other")


@pytest.fixture
async def loaded(tmp_path: Path) -> LoadedCampaign:
    """A campaign that was run with a shadow, and once more with another backend in all seats."""
    create_campaign(tmp_path / NAME)
    found = load_campaign(tmp_path / NAME)
    Path(re.sub("^sqlite:///", "", found.store_url)).parent.mkdir(parents=True)
    await run_with_shadow(found.store_url, COUNT)
    await run_small_campaign(found.store_url, COUNT, OtherBackend())
    write_list(tmp_path / NAME, prospects(COUNT))
    return load_campaign(tmp_path / NAME)


@pytest.fixture
async def store(loaded: LoadedCampaign) -> AsyncIterator[Store]:
    with open_store(loaded.store_url) as opened:
        yield opened


def policies(store: Store) -> Arms:
    first, second = policies_of(store, NAME)
    return Arms(first=first, second=second)


def answers(pair: PairToReview) -> list[tuple[str, object]]:
    return [(item.trace, item.answer) for item in (pair.first, pair.second)]


def test_two_arms_are_named_or_none() -> None:
    assert not Arms().named
    for wrong in ({"first": "a"}, {"second": "a"}, {"first": "a", "second": "a"}):
        with pytest.raises(ValidationError):
            Arms(**wrong)


def test_what_can_be_compared_is_listed(store: Store) -> None:
    names = [arm.name for arm in arms_of(store, NAME)]
    assert names == [*policies_of(store, NAME), "other:other", "steady:steady"]
    assert unknown_arm(store, NAME, BACKENDS) == unknown_arm(store, NAME, Arms()) == ""
    assert unknown_arm(store, NAME, Arms(first="steady:steady", second="who")) == "who"


def test_without_arms_they_are_the_pairs_of_the_command(store: Store, loaded: LoadedCampaign) -> None:
    found = PairDesk(store, loaded, Arms(), Done(store, NAME)).all_for("ada")
    asked = waiting_pairs(store, NAME, "ada")
    assert [answers(pair) for pair in found] == [answers(pair) for pair in asked] != []
    for pair, other in zip(found, asked, strict=True):
        assert [(one.quote, one.where) for one in pair.quotes] == [(one.quote, one.where) for one in other.quotes]


def test_two_policies_are_compared_by_their_drafts_to_one_prospect(store: Store) -> None:
    arms = policies(store)
    lines = pair_lines(store, NAME, arms)
    assert len(lines) == COUNT
    for line in lines:
        pair = load_pair(store, NAME, line)
        drafts = [store.result(NAME, line.prospect, arm).draft for arm in (arms.first, arms.second)]
        assert pair is not None
        assert [item.draft for item in (pair.first, pair.second)] == [draft.id for draft in drafts]
        assert [item.answer["body"] for item in (pair.first, pair.second)] == [draft.body for draft in drafts]
        assert {quote.quote for quote in pair.quotes} == {quote.quote for draft in drafts for quote in draft.evidence}
        assert pair.recipient.key == line.prospect


def test_two_backends_are_compared_by_their_calls_and_by_their_drafts(store: Store) -> None:
    lines = pair_lines(store, NAME, BACKENDS)
    called, drafted = ([one for one in lines if bool(one.policies) is kind] for kind in (False, True))
    assert {one.both for one in called} == {one.both for one in pair_lines(store, NAME, Arms())}
    assert {one.both for one in drafted} == {one.both for one in pair_lines(store, NAME, policies(store))}
    assert len({one.id for one in lines}) == len(lines)


def test_only_who_is_listed_is_compared_and_the_order_is_drawn_by_seed(store: Store) -> None:
    kim = next(prospects(1)).key
    assert {one.prospect for one in pair_lines(store, NAME, Arms(), {kim})} == {kim}
    orders = {tuple(one.id for one in pair_lines(store, NAME, Arms(), seed=seed)) for seed in range(5)}
    assert len(orders) > 1


def test_an_id_tells_the_answers_apart_and_no_name(store: Store) -> None:
    for line in pair_lines(store, NAME, BACKENDS):
        assert re.fullmatch(r"[0-9a-f]{32}", line.id)
        assert not any(name in line.id or line.id in name for name in (*line.answers, line.prospect))


async def test_what_is_another_by_now_is_not_loaded(store: Store) -> None:
    line = pair_lines(store, NAME, policies(store))[0]
    result = store.result(NAME, line.prospect, line.policies[1])
    changed = result.draft.model_copy(update={"body": "Other words."})
    await store.save_result(result.model_copy(update={"draft": changed}))
    assert load_pair(store, NAME, line) is None
    await store.save_result(result.model_copy(update={"draft": None}))
    assert load_pair(store, NAME, line) is None


async def test_each_reviewer_goes_through_all_pairs_once(store: Store, loaded: LoadedCampaign) -> None:
    done = Done(store, NAME)
    desk = PairDesk(store, loaded, Arms(), done)
    seen: list[str] = []
    found = desk.next_for("ada", 1)
    while found is not None:
        seen.append(found.id)
        review = compare(found.pair.first, found.pair.second, "ada", Shown.TIE, swapped=False)
        await store.add_review(review)
        done.add(review)
        assert desk.last_of("ada", 1) == found.id
        found = desk.next_for("ada", 1, found.id)
    assert len(seen) == len(set(seen)) == len(desk)
    assert (desk.waiting("ada"), desk.waiting("ben")) == (0, len(seen))
    first = desk.next_for("ben", 1)
    assert first is not None and first.id == seen[0]
    again = PairDesk(store, loaded, Arms(), Done(store, NAME))
    assert again.next_for("ada", 1) is None


async def test_the_list_is_found_anew_at_its_end_if_something_was_saved(store: Store, loaded: LoadedCampaign) -> None:
    desk = PairDesk(store, loaded, policies(store), Done(store, NAME))
    first = desk.next_for("ada", 1)
    assert first is not None
    for result in list(store.results(NAME)):
        draft = result.draft.model_copy(update={"body": "Other words."})
        await store.save_result(result.model_copy(update={"draft": draft}))
    assert desk.find(first.id, 1) is None
    assert desk.next_for("ada", 1) is None
    anew = desk.next_for("ada", 2)
    assert anew is not None and anew.id != first.id
    assert "Other words." in (anew.pair.first.answer["body"], anew.pair.second.answer["body"])


async def test_outcomes_name_backends_and_policies(store: Store) -> None:
    for arms in (Arms(), policies(store)):
        pair = load_pair(store, NAME, pair_lines(store, NAME, arms)[0])
        assert pair is not None
        await store.add_review(compare(pair.first, pair.second, "ada", Shown.LEFT, swapped=False))
    found = outcomes(store, NAME)
    [by_backend], [by_policy] = found.by_backend, found.by_policy
    assert (by_backend.first, by_backend.second) == ("other:other", "steady:steady")
    assert (by_backend.won, by_backend.lost, by_policy.pairs, found.unknown) == (0, 2, 1, 0)
    assert all("researcher" in name and "writer" in name for name in (by_policy.first, by_policy.second))
    assert found.as_data()["by_policy"][0]["reviewer"] == "ada"


async def test_drafts_that_no_call_wrote_are_known_by_their_results(store: Store) -> None:
    first, second = policies_of(store, NAME)
    for policy in (first, second):
        for result in list(store.results(NAME, policy)):
            draft = result.draft.model_copy(update={"id": f"{policy} {result.prospect.key}", "trace": None})
            await store.save_result(result.model_copy(update={"draft": draft.model_copy(update={"backend": "placed"})}))
    line = pair_lines(store, NAME, policies(store))[0]
    pair = load_pair(store, NAME, line)
    assert pair is not None
    review = compare(pair.first, pair.second, "ada", Shown.TIE, swapped=False)
    known = makers(store, NAME, [review])
    assert {(one.backend, one.policy) for one in known.values()} == {("placed", first), ("placed", second)}
    assert pair_lines(store, NAME, BACKENDS)
    gone = review.model_copy(update={"trace": "gone"})
    assert "gone" not in makers(store, NAME, [gone])

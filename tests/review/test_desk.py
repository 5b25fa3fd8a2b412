"""The desk shows what the store holds: whatever is saved, said and taken back, it is as if opened just now."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from miniatures.datamodel.check import CheckName, CheckResult
from miniatures.datamodel.check import Outcome as CheckOutcome
from miniatures.datamodel.draft import Draft, DraftStatus
from miniatures.datamodel.review import RejectReason, Review, ReviewAction
from miniatures.datamodel.standing import State
from miniatures.datamodel.vetted import VettedStatement
from miniatures.review.desk import Desk
from miniatures.review.desk_filter import DeskFilter, Order, Show
from miniatures.store.open import Store, open_store
from tests.chaos.small_campaign import sqlite_url
from tests.store.databases import CAMPAIGN, person, postgres_server, postgres_url, store, store_url
from tests.store.test_results import result_of

__all__ = ["postgres_server", "postgres_url", "store", "store_url"]
"""Fixtures: a store of each kind."""

WAITING = DeskFilter()
ALL = DeskFilter(show=Show.ALL)


def draft(id: str, body: str = "Hello", **fields: object) -> Draft:
    plain = {"id": id, "subject": f"About {id}", "body": body, "status": DraftStatus.READY, "backend": "local:small"}
    return Draft.model_validate(plain | fields)


async def save(store: Store, number: int, written: Draft | None, policy: str = "first") -> None:
    status = written.status if written else DraftStatus.NOTHING_FOUND
    who = person(number, first_name=f"Name{number}")
    await store.save_result(result_of(who, policy, draft=written, status=status))


def said(number: int, about: Draft, reviewer: str = "ada", action: str = "accept", **fields: object) -> Review:
    plain = {"reviewer": reviewer, "campaign": CAMPAIGN, "prospect": person(number).key, "trace": about.id}
    plain |= {"draft": about.id, "action": ReviewAction(action), "answer": about.text.model_dump()}
    return Review.model_validate(plain | fields)


def opened(store: Store) -> Desk:
    desk = Desk(store, CAMPAIGN)
    desk.refresh()
    return desk


def ids(desk: Desk, asked: DeskFilter = WAITING, who: str = "ada") -> list[str]:
    return [item.id for item in desk.listed(asked, who)]


async def test_a_draft_waits_until_anybody_has_decided(store: Store) -> None:
    one, two = draft("one"), draft("two", status=DraftStatus.NEEDS_REVIEW)
    await save(store, 1, one)
    await save(store, 2, two)
    desk = opened(store)
    assert sorted(ids(desk)) == ["one", "two"]
    await store.add_review(said(1, one))
    await store.add_review(said(2, two, "ben", "reject", reason=RejectReason.GENERIC))
    assert desk.refresh()
    assert ids(desk) == []
    items = [desk.item("one"), desk.item("two")]
    assert [(item.state, sorted(item.decided_by)) for item in items if item] == [
        (State.APPROVED, ["ada"]),
        (State.REJECTED, ["ben"]),
    ]
    assert ids(desk, DeskFilter(show=Show.DECIDED, reviewer="ben")) == ["two"]
    assert not desk.refresh(), "nothing is new"


async def test_what_is_taken_back_waits_again(store: Store) -> None:
    one = draft("one")
    await save(store, 1, one)
    desk = opened(store)
    await store.add_review(said(1, one))
    desk.refresh()
    assert ids(desk) == []
    await store.add_review(said(1, one, action="withdraw"))
    desk.refresh()
    assert ids(desk) == ["one"]


async def test_what_is_set_aside_waits_for_the_others(store: Store) -> None:
    one = draft("one")
    await save(store, 1, one)
    desk = opened(store)
    await store.add_review(said(1, one, action="set_aside"))
    desk.refresh()
    assert (ids(desk), ids(desk, who="ben")) == ([], ["one"])
    assert ids(desk, DeskFilter(show=Show.SET_ASIDE)) == ["one"]
    assert (desk.counts("ada")[Show.SET_ASIDE], desk.counts("ben")[Show.WAITING]) == (1, 1)


async def test_a_draft_that_was_sent_back_is_decided_about_until_it_is_written_again(store: Store) -> None:
    one = draft("one")
    await save(store, 1, one)
    desk = opened(store)
    await store.add_review(said(1, one, action="rewrite", comment="shorter"))
    desk.refresh()
    assert ids(desk) == []
    assert [item.state for item in desk.listed(ALL, "ada")] == [State.NEEDS_REVIEW]
    await save(store, 1, draft("again", body="Shorter"))
    desk.refresh()
    assert ids(desk) == ["again"]


async def test_a_draft_that_was_replaced_or_lost_is_gone(store: Store) -> None:
    await save(store, 1, draft("one"))
    await save(store, 2, draft("two"))
    desk = opened(store)
    await save(store, 1, draft("new"), "second")
    await save(store, 2, None)
    desk.refresh()
    assert ids(desk) == ["new"]
    assert (desk.item("one"), desk.item("two")) == (None, None)
    assert desk.counts("ada")[Show.ALL] == 1


async def test_filters_search_and_orders(store: Store) -> None:
    doubted = VettedStatement(part="opening", text="x", kind="stale", sure=0.2)
    failing = CheckResult(name=CheckName.SWAP, outcome=CheckOutcome.FAIL, reason="x")
    await save(store, 1, draft("one", backend="big"))
    await save(store, 2, draft("two", vetted=(doubted,)))
    await save(store, 3, draft("three", checks=(failing,), status=DraftStatus.NEEDS_REVIEW))
    desk = opened(store)
    assert ids(desk, DeskFilter(arm="big")) == ["one"]
    assert ids(desk, DeskFilter(check="swap")) == ["three"]
    assert ids(desk, DeskFilter(doubt=0.5)) == ["two"]
    assert ids(desk, DeskFilter(state=State.READY, order=Order.NEWEST)) == ["two", "one"]
    assert ids(desk, DeskFilter(order=Order.DOUBT)) == ["two", "three", "one"]
    assert ids(desk, DeskFilter(order=Order.SURE)) == ["one", "three", "two"]
    assert ids(desk, DeskFilter(search="name2")) == ids(desk, DeskFilter(search="TWO about")) == ["two"]
    assert ids(desk, DeskFilter(search="company 1")) == ["one"]
    assert ids(desk, DeskFilter(search="nobody")) == []
    assert desk.choices() == {"check": ["swap"], "arm": ["big", "local:small"], "reviewer": []}


async def test_the_next_draft_follows_and_leaves_out_what_others_hold(store: Store) -> None:
    for number in range(5):
        await save(store, number, draft(f"draft{number}"))
    desk = opened(store)
    order = ids(desk)

    def next_after(place: int, held: tuple[str, ...] = ()) -> str | None:
        found = desk.next_after(order[place], WAITING, "ada", held)
        return found.id if found else None

    assert [next_after(place) for place in range(5)] == [*order[1:], order[0]]
    assert next_after(0, (order[1], order[2])) == order[3]
    assert next_after(0, tuple(order)) is None
    first = desk.next_after(None, WAITING, "ada")
    assert first and first.id == order[0]
    about = draft(order[2])
    await store.add_review(said(int(order[2][-1]), about))
    desk.refresh()
    assert next_after(2) == order[3], "one that was just decided about keeps its place"


async def test_a_draft_that_is_saved_again_stands_in_one_place(store: Store) -> None:
    for number in range(3):
        await save(store, number, draft(f"draft{number}"))
    desk, newest = opened(store), DeskFilter(order=Order.NEWEST)
    assert ids(desk, newest) == ["draft2", "draft1", "draft0"]
    await save(store, 0, draft("draft0"))
    desk.refresh()
    assert ids(desk, newest) == ["draft0", "draft2", "draft1"]


async def test_who_is_off_the_list_is_not_shown_or_counted(store: Store) -> None:
    await save(store, 1, draft("one"))
    await save(store, 2, draft("two"))
    desk = opened(store)
    assert len(ids(desk)) == 2
    desk.limit_to({person(1).key})
    assert (ids(desk), desk.counts("ada")[Show.ALL]) == (["one"], 1)
    await save(store, 3, draft("three"))
    desk.refresh()
    assert ids(desk) == ["one"]
    desk.limit_to(None)
    assert sorted(ids(desk)) == ["one", "three", "two"]


async def test_a_word_that_was_long_on_its_way_is_heard(store: Store) -> None:
    one = draft("one")
    await save(store, 1, one)
    desk = opened(store)
    late = said(1, one)
    await store.add_review(late.model_copy(update={"created_at": late.created_at - timedelta(hours=3)}))
    desk.refresh()
    assert ids(desk) == []


async def test_a_draft_of_no_campaign_s_making_waits_as_well(store: Store) -> None:
    await store.queue_draft(draft("loose"), CAMPAIGN)
    assert ids(opened(store)) == ["loose"]


ACTIONS = st.one_of(
    st.tuples(st.just("save"), st.integers(0, 4), st.integers(0, 2)),
    st.tuples(st.just("lose"), st.integers(0, 4), st.just(0)),
    st.tuples(st.sampled_from(["accept", "reject", "withdraw", "set_aside"]), st.integers(0, 4), st.integers(0, 1)),
)


@settings(max_examples=25)
@given(st.lists(ACTIONS, max_size=20), st.sampled_from(list(Show)), st.sampled_from(list(Order)))
async def test_it_is_always_as_if_it_had_been_opened_just_now(
    tmp_path_factory: pytest.TempPathFactory, actions: list[tuple[str, int, int]], show: Show, order: Order
) -> None:
    asked = DeskFilter(show=show, order=order)
    with open_store(sqlite_url(tmp_path_factory.mktemp("desk"))) as store:
        kept, current = opened(store), dict[int, Draft]()
        for action, number, choice in actions:
            if action == "save":
                current[number] = draft(f"{number}-{choice}", body=f"Text {choice}")
                await save(store, number, current[number])
            elif action == "lose":
                current.pop(number, None)
                await save(store, number, None)
            elif number in current:
                reason = {"reason": RejectReason.CLUMSY} if action == "reject" else {}
                await store.add_review(said(number, current[number], ("ada", "ben")[choice], action, **reason))
            kept.refresh()
            kept.listed(asked, "ada")
        fresh = opened(store)
        assert list(kept.listed(asked, "ada")) == list(fresh.listed(asked, "ada"))
        assert +kept.counts("ada") == +fresh.counts("ada")
        assert kept.choices() == fresh.choices()
        assert all(fresh.listed(asked, "ada").place_of(item, order) is not None for item in kept.listed(asked, "ada"))

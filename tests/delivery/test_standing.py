"""Every list asks for the same standing: what a store with all kinds of emails says of each of them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from miniatures.datamodel.draft import DraftStatus, EmailText
from miniatures.datamodel.message import MessageState
from miniatures.datamodel.review import RejectReason
from miniatures.datamodel.standing import Standing, State
from miniatures.datamodel.suppression import SuppressionReason
from miniatures.delivery.desk_dispatches import DeskDispatches
from miniatures.delivery.standing import email_standings, follow_ups_to, standings
from miniatures.inputs.campaign import LoadedCampaign
from miniatures.review.desk import Desk
from miniatures.review.desk_filter import DeskFilter, Show
from miniatures.review.reviewing import Reviewable, edit, reject, withdraw
from miniatures.store.open import open_store
from miniatures.store.store import Store
from tests.app.web.mail_campaign import rows_in, write_mail_campaign


@pytest.fixture
def loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LoadedCampaign:
    monkeypatch.setenv("MINIATURES_HOME", str(tmp_path / "home"))
    return write_mail_campaign(tmp_path / "desk")


def by_state(loaded: LoadedCampaign, store: Store) -> Counter[State]:
    return Counter(one.state for one in standings(loaded, store))


def to_write(standing: Standing) -> Reviewable:
    assert standing.draft is not None
    draft = standing.draft
    return Reviewable(draft.id, draft.text.model_dump(), "desk", standing.prospect.key, draft=draft.id)


ALL = {
    State.REPLIED: 1,
    State.UNSUBSCRIBED: 1,
    State.UNCERTAIN: 2,
    State.LEAVING: 1,
    State.QUEUED: 1,
    State.REFUSED: 1,
    State.CANCELLED: 1,
    State.NEEDS_REVIEW: 1,
}


def test_each_email_is_in_exactly_one_state(loaded: LoadedCampaign) -> None:
    with open_store(loaded.store_url) as store:
        assert by_state(loaded, store) == ALL


async def test_a_word_about_an_email_that_left_moves_it_nowhere(loaded: LoadedCampaign) -> None:
    with open_store(loaded.store_url) as store:
        for one in list(standings(loaded, store)):
            if one.state.has_left:
                await store.add_review(reject(to_write(one), "ben", RejectReason.GENERIC))
        assert by_state(loaded, store) == ALL
        assert all(one.text is not None for one in standings(loaded, store) if one.state.has_left)


async def test_a_word_about_a_queued_email_takes_it_back_at_once(loaded: LoadedCampaign) -> None:
    with open_store(loaded.store_url) as store:
        [queued] = [one for one in standings(loaded, store) if one.state is State.QUEUED]
        await store.add_review(withdraw(to_write(queued), "ada"))
        assert by_state(loaded, store) == Counter(ALL) - Counter([State.QUEUED]) + Counter([State.READY])


async def test_the_text_that_left_is_shown_whatever_was_edited_since(loaded: LoadedCampaign) -> None:
    sent = {row.message.prospect: row.message for row in rows_in(loaded, MessageState.ACCEPTED)}
    with open_store(loaded.store_url) as store:
        for one in list(standings(loaded, store)):
            if one.prospect.key in sent:
                await store.add_review(edit(to_write(one), "ben", EmailText(subject="New", body="Other words.")))
        shown = {one.prospect.key: one.text for one in standings(loaded, store) if one.prospect.key in sent}
    assert shown == {key: EmailText(subject=one.subject, body=one.body) for key, one in sent.items()}


async def test_who_is_suppressed_is_told_before_anything_is_queued(loaded: LoadedCampaign) -> None:
    with open_store(loaded.store_url) as store:
        [queued] = [one for one in standings(loaded, store) if one.state is State.QUEUED]
        await store.mail.suppressions.add(queued.prospect.email, SuppressionReason.BY_HAND, campaign="desk")
        assert by_state(loaded, store) == Counter(ALL) - Counter([State.QUEUED]) + Counter([State.SUPPRESSED])


async def test_a_follow_up_stands_by_itself(loaded: LoadedCampaign) -> None:
    with open_store(loaded.store_url) as store:
        first = next(one for one in standings(loaded, store) if one.state is State.REPLIED)
        assert first.draft is not None
        own = first.draft.model_copy(update={"id": "f" * 32, "subject": "Once more", "status": DraftStatus.READY})
        policy = f"{first.result.policy}+1"
        await store.save_result(first.result.model_copy(update={"policy": policy, "draft": own}))
        [follow_up] = follow_ups_to(loaded, store, first.prospect.key)
        assert (follow_up.state, follow_up.reason) == (State.CANCELLED, "it does not leave: they had answered")
        assert [one.result.step for one in email_standings(loaded, store)] == [0] * 9 + [1]


def test_the_desk_of_reviewers_says_the_same(loaded: LoadedCampaign) -> None:
    with open_store(loaded.store_url) as store:
        desk = Desk(store, "desk")
        desk.refresh()
        DeskDispatches(store, "desk").bring_up(desk)
        assert Counter(item.stands for item in desk.items()) == ALL
        asked = DeskFilter(show=Show.ALL, state=State.REPLIED)
        assert [item.stands for item in desk.listed(asked, "ada")] == [State.REPLIED]


async def test_what_left_unread_waits_for_nobody(loaded: LoadedCampaign) -> None:
    with open_store(loaded.store_url) as store:
        for one in list(standings(loaded, store)):
            if one.review:
                await store.add_review(withdraw(to_write(one), "ada"))
        desk = Desk(store, "desk")
        desk.refresh()
        assert desk.counts("ada")[Show.WAITING] == 9
        DeskDispatches(store, "desk").bring_up(desk)
        assert sorted(item.stands for item in desk.listed(DeskFilter(show=Show.WAITING), "ada")) == [
            State.NEEDS_REVIEW,
            State.READY,
        ]


async def test_a_desk_hears_of_a_change_once_the_store_has_had_its_rest(loaded: LoadedCampaign) -> None:
    clock = [0.0]

    def tick() -> float:
        clock[0] += 1.0
        return clock[0]

    with open_store(loaded.store_url) as store:
        desk, dispatches = Desk(store, "desk"), DeskDispatches(store, "desk", tick)
        desk.refresh()
        dispatches.bring_up(desk)
        row = rows_in(loaded, MessageState.UNCERTAIN)[0].message
        assert await store.mail.outbox.settle_uncertain(row.id, MessageState.ACCEPTED, "ada saw it")
        dispatches.bring_up(desk)
        assert Counter(item.stands for item in desk.items())[State.SENT] == 0
        clock[0] += 100
        dispatches.bring_up(desk)
        assert Counter(item.stands for item in desk.items())[State.SENT] == 1

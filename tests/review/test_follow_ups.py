"""A follow-up is reviewed like any draft, and what is said of it says nothing of the first email, nor the other way."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from miniatures.datamodel.draft import Draft, DraftStatus, EarlierEmail, EmailText
from miniatures.datamodel.result import ProspectResult
from miniatures.datamodel.standing import State
from miniatures.inputs.campaign import LoadedCampaign
from miniatures.review.approvals import Decisions
from miniatures.review.desk import Desk
from miniatures.review.desk_filter import DeskFilter, Show
from miniatures.review.queue import DraftToReview, draft_to_review, waiting_drafts
from miniatures.review.reading_desk import Which, to_read
from miniatures.review.reviewing import accept, edit, rewrite
from miniatures.review.rewrites import open_wishes
from miniatures.review.standings import follow_up_standings, standings
from miniatures.store.open import open_store
from miniatures.store.store import Store
from tests.app.web.desk_campaign import drafts_of, write_campaign

ALL = DeskFilter(show=Show.ALL)


@pytest.fixture
def loaded(tmp_path: Path) -> LoadedCampaign:
    """One person, whose first email waits."""
    return write_campaign(tmp_path / "desk", 1, held_back=0, doubted=0)


async def save_follow_up(store: Store, loaded: LoadedCampaign, body: str = "Hello again") -> ProspectResult:
    [first] = store.results(loaded.name)
    assert first.draft is not None
    draft = Draft(id=body, subject="S", body=body, status=DraftStatus.READY, backend="placed")
    earlier = EarlierEmail(**first.draft.text.model_dump(), sent_on=date(2026, 11, 3))
    result = first.model_copy(update={"policy": f"{first.policy}+1", "draft": draft, "earlier": (earlier,)})
    await store.save_result(result)
    return result


def shown(store: Store, loaded: LoadedCampaign) -> list[DraftToReview]:
    """The drafts that wait, the first email's first."""
    said = Decisions(store.reviews(loaded.name))
    found = (draft_to_review(store, one, said) for one in waiting_drafts(store, loaded.name, "ada"))
    return sorted((one for one in found if one), key=lambda one: one.item.step)


async def test_both_stand_on_the_desk(loaded: LoadedCampaign) -> None:
    with open_store(loaded.store_url) as store:
        desk = Desk(store, loaded.name)
        desk.refresh()
        await save_follow_up(store, loaded)
        desk.refresh()
        [first] = drafts_of(store, loaded)
        assert {item.id for item in desk.listed(ALL, "ada")} == {first.id, "Hello again"}
        follow_up = shown(store, loaded)[1]
        await store.add_review(accept(follow_up.item, "ada"))
        desk.refresh()
        states = {item.id: item.state for item in desk.listed(ALL, "ada")}
        assert states == {first.id: State.READY, "Hello again": State.APPROVED}
        await save_follow_up(store, loaded, "Hello once more")
        desk.refresh()
        assert {item.id for item in desk.listed(ALL, "ada")} == {first.id, "Hello once more"}
        anew = Desk(store, loaded.name)
        anew.refresh()
        assert {item.id for item in anew.listed(ALL, "ada")} == {first.id, "Hello once more"}


async def test_blind_readers_are_given_first_emails_alone(loaded: LoadedCampaign) -> None:
    with open_store(loaded.store_url) as store:
        await save_follow_up(store, loaded)
        desk = Desk(store, loaded.name)
        desk.refresh()
        [first] = drafts_of(store, loaded)
        assert [item.id for item in to_read(desk, Which.ALL)] == [first.id]


async def test_an_edit_of_the_first_email_is_not_offered_for_the_follow_up(loaded: LoadedCampaign) -> None:
    with open_store(loaded.store_url) as store:
        await save_follow_up(store, loaded)
        first, follow_up = shown(store, loaded)
        mended = EmailText(subject="Mended", body="Hi Ada, mended")
        review = edit(first.item, "ben", mended)
        await store.add_review(review)
        first, follow_up = shown(store, loaded)
        assert (first.edited_text, follow_up.edited_text) == (mended, None)
        [one] = standings(loaded, store)
        [two] = follow_up_standings(loaded, store)
        assert (one.state, two.state, two.review) == (State.EDITED, State.READY, "")
        again = edit(follow_up.item, "ben", EmailText(subject="S", body="Hi again, mended"))
        await store.add_review(again)
        assert [store_review.step for store_review in store.reviews(loaded.name)] == [0, 1]
        [one], [two] = standings(loaded, store), follow_up_standings(loaded, store)
        assert one.text == mended
        assert two.text and two.text.body == "Hi again, mended"


async def test_an_edit_may_be_as_short_as_a_follow_up(loaded: LoadedCampaign) -> None:
    with open_store(loaded.store_url) as store:
        await save_follow_up(store, loaded)
        first, follow_up = shown(store, loaded)
    assert first.case(loaded).brief == loaded.brief
    length = follow_up.case(loaded).brief.length
    assert (length.min_words, length.max_words) == (30, 80)


async def test_a_follow_up_that_was_sent_back_is_a_wish_of_its_own(loaded: LoadedCampaign) -> None:
    with open_store(loaded.store_url) as store:
        await save_follow_up(store, loaded)
        await store.add_review(rewrite(shown(store, loaded)[1].item, "ada", "shorter"))
        [wish] = open_wishes(store, loaded.name)
        assert (wish.result.step, wish.hint) == (1, "shorter")
        assert [one.item.step for one in shown(store, loaded)] == [0]


async def test_whoever_left_the_list_has_no_text_that_may_go(loaded: LoadedCampaign) -> None:
    with open_store(loaded.store_url) as store:
        await save_follow_up(store, loaded)
        loaded.prospects_path.write_text(loaded.prospects_path.read_text().splitlines()[0] + "\n")
        [one] = follow_up_standings(loaded, store)
        assert (one.state, one.text) == (State.REMOVED, None)


def test_a_first_result_s_document_knows_nothing_of_follow_ups(loaded: LoadedCampaign) -> None:
    with open_store(loaded.store_url) as store:
        [first] = store.results(loaded.name)
    assert not {"earlier", "step"} & first.model_dump().keys()

"""Where each prospect stands follows the list, the runs and the reviewers, whatever order they come in."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from miniatures.datamodel.dossier import Dossier, DossierStatus, Problem
from miniatures.datamodel.draft import Draft, DraftStatus, EmailText
from miniatures.datamodel.hashing import content_hash
from miniatures.datamodel.prospect import Prospect
from miniatures.datamodel.result import ProspectResult
from miniatures.datamodel.review import Reading, ReadingVerdict, RejectReason, Review
from miniatures.datamodel.standing import MEANINGS, Standing, State
from miniatures.datamodel.store_url import sqlite_path
from miniatures.inputs.campaign import LoadedCampaign, load_campaign
from miniatures.inputs.scaffold import create_campaign
from miniatures.review.reviewing import Reviewable, accept, edit, read, reject
from miniatures.review.standings import standings
from miniatures.store.open import open_store

ANA = "email,company,title\nana@frio.example,Frio,{}\n"
TEXT = EmailText(subject="Depot", body="Hello Ana")


@pytest.fixture
def campaign(tmp_path: Path) -> LoadedCampaign:
    create_campaign(tmp_path / "autumn")
    (tmp_path / "autumn" / "prospects.csv").write_text(ANA.format("COO"))
    return load_campaign(tmp_path / "autumn")


def write(campaign: LoadedCampaign, draft_id: str = "first", **changed: object) -> None:
    """A run that wrote to everybody on the list; `changed` fields of the result."""

    async def run() -> None:
        with open_store(campaign.store_url) as store:
            for person in campaign.prospects():
                assert isinstance(person, Prospect)
                own = Draft(
                    id=draft_id, trace=draft_id, **TEXT.model_dump(), status=DraftStatus.READY, backend="local:x"
                )
                fields: dict[str, object] = {"status": DraftStatus.READY, "draft": own}
                result = ProspectResult(campaign=campaign.name, policy=draft_id, prospect=person, **fields | changed)
                await store.save_result(result)

    asyncio.run(run())


def say(campaign: LoadedCampaign, *reviews: Review) -> None:
    async def keep() -> None:
        with open_store(campaign.store_url) as store:
            for review in reviews:
                await store.add_review(review)

    asyncio.run(keep())


def item(draft_id: str = "first", text: EmailText = TEXT) -> Reviewable:
    [ana] = [Prospect(email="ana@frio.example", company="Frio").key]
    return Reviewable(draft_id, text.model_dump(), "autumn", ana, draft=draft_id)


def standing(campaign: LoadedCampaign) -> Standing:
    with open_store(campaign.store_url) as store:
        [one] = standings(campaign, store)
    return one


def test_before_any_run_everybody_is_pending(campaign):
    [one] = standings(campaign, None)
    assert (one.state, one.prospect.email) == (State.PENDING, "ana@frio.example")


def test_the_latest_word_of_each_reviewer_stands(campaign):
    write(campaign)
    assert (standing(campaign).state, standing(campaign).text) == (State.READY, TEXT)
    say(campaign, accept(item(), "ada"))
    assert (standing(campaign).state, standing(campaign).review) == (State.APPROVED, "accepted by ada")
    say(campaign, reject(item(), "ben", RejectReason.WRONG_TONE, "too\nloud"))
    assert (standing(campaign).state, standing(campaign).text) == (State.REJECTED, None)
    assert standing(campaign).review == "rejected by ben (wrong tone): too loud"
    say(campaign, edit(item(), "ben", EmailText(subject="Depot", body="Dear Ana")))
    assert (standing(campaign).state, standing(campaign).text) == (
        State.EDITED,
        EmailText(subject="Depot", body="Dear Ana"),
    )


def test_a_reader_who_would_not_send_it_rejects_it(campaign):
    write(campaign)
    say(campaign, read(item(), "ben", Reading(verdict=ReadingVerdict.REJECT)))
    assert (standing(campaign).state, standing(campaign).review) == (State.REJECTED, "refused by ben")


def test_a_changed_row_stands_for_nothing_until_it_is_run_again(campaign):
    write(campaign)
    say(campaign, accept(item(), "ada"))
    campaign.prospects_path.write_text(ANA.format("CEO"))
    assert (standing(campaign).state, standing(campaign).text) == (State.CHANGED, None)
    write(campaign, "second", draft=None, status=DraftStatus.FAILED, error="FetchError: gone")
    assert (standing(campaign).state, standing(campaign).reason) == (State.FAILED, "FetchError: gone")


@pytest.mark.parametrize(("said", "state"), [("yes", State.APPROVED), ("no", State.REJECTED)])
def test_what_was_said_of_a_text_holds_when_a_run_writes_the_same_again(campaign, said, state):
    write(campaign)
    say(campaign, accept(item(), "ada") if said == "yes" else reject(item(), "ada", RejectReason.GENERIC))
    write(campaign, "second")
    assert standing(campaign).state is state
    other = EmailText(subject="Depot", body="Another text")
    new = Draft(id="third", **other.model_dump(), status=DraftStatus.READY, backend="local:x")
    write(campaign, "third", draft=new)
    assert (standing(campaign).state, standing(campaign).text) == (State.READY, other)


@pytest.mark.parametrize("broken", ["answer", "edited"])
def test_a_review_of_what_is_no_email_approves_nothing_and_stops_nothing(campaign, broken):
    write(campaign)
    good = edit(item(), "ada", EmailText(subject="Depot", body="Dear Ana"))
    say(campaign, good.model_copy(update={broken: {"odd": 1}}))
    assert standing(campaign).state is State.NEEDS_REVIEW
    refused = reject(item(), "ben", RejectReason.GENERIC)
    say(campaign, refused.model_copy(update={"answer": {"odd": 1}}))
    assert (standing(campaign).state, standing(campaign).text) == (State.REJECTED, None)


def test_who_is_no_longer_on_the_list_is_removed_and_comes_back_with_the_row(campaign):
    write(campaign)
    campaign.prospects_path.write_text(ANA.format("COO").replace("ana@", "ben@"))
    with open_store(campaign.store_url) as store:
        assert [one.state for one in standings(campaign, store)] == [State.REMOVED, State.PENDING]
    campaign.prospects_path.write_text(ANA.format("COO"))
    assert standing(campaign).state is State.READY


def test_why_nothing_was_found_is_said_in_the_networks_own_words(campaign):
    problem = Problem(where="ddgs", kind="failed", detail="[Errno -2] Name or service not known")
    dossier = Dossier(status=DossierStatus.FAILED, problems=(problem,))
    write(campaign, draft=None, status=DraftStatus.FAILED, dossier=dossier)
    assert standing(campaign).reason == dossier.why_nothing
    assert "Name or service not known" in standing(campaign).reason


def test_every_state_of_a_run_is_a_state_and_each_has_a_meaning():
    assert {status.value for status in DraftStatus} <= {state.value for state in State}
    assert set(MEANINGS) == set(State)


def test_an_edit_stands_over_another_readers_later_acceptance_of_the_draft(campaign):
    write(campaign)
    mine = EmailText(subject="Depot", body="Dear Ana")
    say(campaign, edit(item(), "hannah", mine), accept(item(), "bob"))
    assert (standing(campaign).state, standing(campaign).text) == (State.EDITED, mine)
    say(campaign, accept(item(), "hannah"))
    assert (standing(campaign).state, standing(campaign).text) == (State.APPROVED, TEXT)


def test_a_draft_that_is_written_anew_says_that_the_earlier_one_was_edited(campaign):
    write(campaign)
    say(campaign, edit(item(), "hannah", EmailText(subject="Depot", body="Dear Ana")))
    other = Draft(id="second", subject="Depot", body="Other", status=DraftStatus.READY, backend="local:x")
    write(campaign, "second", draft=other)
    assert standing(campaign).state is State.READY
    assert standing(campaign).review == "an earlier draft was edited by hannah; this one is written anew"


def test_a_column_that_no_email_is_written_from_changes_nothing(campaign):
    campaign.prospects_path.write_text("email,company,phone\nana@frio.example,Frio,1\n")
    write(campaign)
    campaign.prospects_path.write_text("email,company,phone,note\nana@frio.example,Frio,2,x\n")
    assert standing(campaign).state is State.READY


@pytest.mark.parametrize("stored_by", ["row", "all columns"])
async def test_what_was_settled_is_known_again_when_only_such_a_column_changed(campaign, stored_by):
    ana = Prospect(email="ana@frio.example", company="Frio", extra={"phone": "1"})
    with open_store(campaign.store_url) as store:
        result = ProspectResult(campaign="autumn", policy="p", prospect=ana, status=DraftStatus.NOTHING_FOUND)
        await store.save_result(result)
    if stored_by == "all columns":
        with sqlite3.connect(sqlite_path(campaign.store_url)) as database:
            database.execute("UPDATE results SET row = ?", [content_hash(ana)[:16]])
    changed = ana if stored_by == "all columns" else ana.model_copy(update={"extra": {"phone": "2"}})
    with open_store(campaign.store_url) as store:
        assert await store.statuses("autumn", "p", [changed]) == {ana.key: DraftStatus.NOTHING_FOUND}

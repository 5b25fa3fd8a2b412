"""The outbox over HTTP: what is counted and listed, who may stop it, and a person's word on what is uncertain."""

from __future__ import annotations

import asyncio
import html
import re
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from miniatures.app.web.desks import OpenDesk
from miniatures.app.web.visitors import Rights
from miniatures.datamodel.message import MessageState
from miniatures.inputs.scaffold import create_campaign
from miniatures.store.open import open_store
from miniatures.store.store import Store
from tests.app.web.client import Browser
from tests.app.web.mail_campaign import SEND, mail_desk, rows_in
from tests.app.web.test_overview import words
from tests.app.web.test_review_pages import Desk, said

OUTBOX = "/c/desk/outbox"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with mail_desk(tmp_path / "desk") as opened:
        yield opened


@pytest.fixture
def ada(desk: Desk) -> Browser:
    return desk.browser()


def change(desk: Desk, what: Callable[[Store], Awaitable[object]]) -> None:
    """Do something to the store as another process would."""

    async def do() -> None:
        with open_store(desk.loaded.store_url) as store:
            await what(store)

    asyncio.run(do())


def shown(browser: Browser, query: str = "") -> str:
    reply = browser.get(f"{OUTBOX}{query}")
    assert reply.status_code == 200
    return words(reply.text)


def test_what_is_uncertain_is_shown_first_with_all_counts(ada: Browser) -> None:
    told = shown(ada)
    assert "Uncertain 2 Queued 1 Leaving 1 Accepted 2 Rejected 1 Cancelled 1" in told
    assert "1 to 2 of 2" in told and "none is sent again by itself" in told
    assert "TimeoutError: no answer to the text" in told and "ConnectionResetError" in told


@pytest.mark.parametrize(
    ("state", "told"),
    [
        ("accepted", "data 250 2.0.0 Ok: queued as 4BXf2K"),
        ("rejected", "rcpt 550 5.1.1 no such user"),
        ("cancelled", "they had answered before it left"),
        ("queued", "Due (UTC)"),
        ("leaving", "1 to 1 of 1"),
    ],
)
def test_each_state_has_its_list_with_the_servers_words(ada: Browser, state: str, told: str) -> None:
    assert told in shown(ada, f"?state={state}")


def test_a_recipient_leads_to_the_draft(desk: Desk, ada: Browser) -> None:
    [row] = rows_in(desk.loaded, MessageState.REJECTED)
    page = ada.get(f"{OUTBOX}?state=rejected").text
    assert row.message.address in html.unescape(page)
    [url] = re.findall(rf'href="(/c/desk/drafts/{row.message.draft})"', page)
    assert ada.get(url).status_code == 200


def test_the_pace_says_how_much_left_and_what_may_leave_next(ada: Browser) -> None:
    assert re.search(r"sales maren@tarnwick\.example 2 40 2\d{3}-\d\d-\d\d \d\d:\d\d ", shown(ada))


def test_the_words_of_servers_are_shown_as_words(desk: Desk, ada: Browser) -> None:
    [row, _] = rows_in(desk.loaded, MessageState.UNCERTAIN)
    hostile = "<img src=x onerror=alert(1)>"
    change(desk, lambda store: store.mail.outbox.settle_uncertain(row.message.id, MessageState.REJECTED, hostile))
    page = ada.get(f"{OUTBOX}?state=rejected").text
    assert hostile not in page and html.escape(hostile) in page


def test_it_left(desk: Desk, ada: Browser) -> None:
    row = rows_in(desk.loaded, MessageState.UNCERTAIN)[0]
    reply = ada.post(f"{OUTBOX}/{row.message.id}/settle", left="true")
    assert (reply.status_code, reply.headers["location"]) == (303, f"{OUTBOX}?state=uncertain")
    [now] = [one for one in rows_in(desk.loaded) if one.message.id == row.message.id]
    assert (now.state, now.why) == (MessageState.ACCEPTED, "ada saw that it had left")
    assert "ada saw that it had left" in shown(ada, "?state=accepted")
    again = ada.post(f"{OUTBOX}/{row.message.id}/settle", left="false")
    assert again.status_code == 409 and "not uncertain any more" in said(again.text)


def test_it_did_not_leave_and_is_queued_again(desk: Desk, ada: Browser) -> None:
    row = rows_in(desk.loaded, MessageState.UNCERTAIN)[0]
    ada.post(f"{OUTBOX}/{row.message.id}/settle", left="false")
    [now] = [one for one in rows_in(desk.loaded) if one.message.id == row.message.id]
    assert (now.state, now.why) == (MessageState.QUEUED, "ada knows that it had not left")


def test_only_an_owner_settles_and_resumes_and_anybody_may_pause(desk: Desk) -> None:
    bo = desk.browser("bo", Rights.REVIEWER)
    row = rows_in(desk.loaded, MessageState.UNCERTAIN)[0]
    told = shown(bo)
    assert "An owner says what became of them" in told and "It did not leave: queue it again" not in told
    assert bo.post(f"{OUTBOX}/{row.message.id}/settle", left="true").status_code == 403
    assert bo.post(f"{OUTBOX}/pause", why="too many bounces").status_code == 303
    told = shown(bo)
    assert "Paused: everything" in told and "bo: too many bounces" in told and "Resume" not in told
    assert bo.post(f"{OUTBOX}/resume").status_code == 403
    assert "paused" in shown(desk.browser())


def test_a_pause_is_ended_by_its_button(desk: Desk, ada: Browser) -> None:
    ada.post(f"{OUTBOX}/pause", why="a look first", mailbox="sales")
    change(desk, _rest)
    page = ada.get(OUTBOX).text
    assert "mailbox sales" in words(page) and "recipients at gateway.example, of all campaigns" in words(page)
    for form in re.findall(r'<form method="post" action="/c/desk/outbox/resume">.*?</form>', page, re.DOTALL):
        fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))
        assert ada.post(f"{OUTBOX}/resume", **{**fields, "csrf": ada.visitor.csrf}).status_code == 303
    assert "Paused" not in shown(ada)


async def _rest(store: Store) -> None:
    await store.mail.pauses.pause("", provider="gateway.example", why="421 come back later")


def test_a_pause_says_why_and_names_what_there_is(ada: Browser) -> None:
    assert ada.post(f"{OUTBOX}/pause").status_code == 422
    refused = ada.post(f"{OUTBOX}/pause", why="x", mailbox="another")
    assert refused.status_code == 422 and "no mailbox 'another'" in said(refused.text)


def test_an_email_of_another_campaign_is_not_settled_here(ada: Browser) -> None:
    assert ada.post(f"{OUTBOX}/{'0' * 32}/settle", left="true").status_code == 404


def test_pages_beyond_the_end_and_words_that_are_no_state(ada: Browser) -> None:
    assert "There is no such page." in shown(ada, "?state=accepted&page=7")
    assert ada.get(f"{OUTBOX}?state=lost").status_code == 422
    assert ada.get(f"{OUTBOX}?page=0").status_code == 422


def test_a_file_that_does_not_say_how_emails_leave(desk: Desk, ada: Browser) -> None:
    text = desk.loaded.path.read_text(encoding="utf-8").replace(SEND, "")
    desk.loaded.path.write_text(text, encoding="utf-8")
    assert "file has no send: , so nothing leaves." in shown(ada)


def test_a_campaign_that_was_never_run(desk: Desk, tmp_path: Path) -> None:
    create_campaign(tmp_path / "never")
    desk.site.desks._by_name["never"] = OpenDesk(tmp_path / "never")
    for page in ("outbox", "replies"):
        assert "Never run" in desk.browser().get(f"/c/never/{page}").text


def test_the_campaigns_page_leads_here(ada: Browser) -> None:
    told = words(ada.get("/c/desk").text)
    assert "1 replied , 1 unsubscribed , 2 uncertain , 1 leaving , 1 queued , 1 refused , 1 cancelled ." in told
    assert "Outbox · Replies" in told

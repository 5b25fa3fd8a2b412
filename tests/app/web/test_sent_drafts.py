"""A draft whose email is on the way: its page says what became of it, and nobody can decide about it any more."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from miniatures.datamodel.message import MessageState
from miniatures.datamodel.standing import State
from miniatures.delivery.standing import standings
from miniatures.store.mail.outbox_claim import Claim
from miniatures.store.open import open_store
from tests.app.web.client import Browser
from tests.app.web.mail_campaign import mail_desk, rows_in
from tests.app.web.test_overview import words
from tests.app.web.test_review_pages import Desk, fields, listed, said

OUT_OF_HANDS = (MessageState.SENDING, MessageState.ACCEPTED, MessageState.UNCERTAIN)
ACTIONS = ("accept", "edit", "reject", "set_aside", "withdraw")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with mail_desk(tmp_path / "desk") as opened:
        yield opened


@pytest.fixture
def ada(desk: Desk) -> Browser:
    return desk.browser()


def url(desk: Desk, state: MessageState) -> str:
    return f"/c/desk/drafts/{rows_in(desk.loaded, state)[0].message.draft}"


async def claimed(desk: Desk, *, sent: bool = False) -> list[str]:
    """Let a sender claim what waits, and begin to send it; returns the emails, by id."""
    with open_store(desk.loaded.store_url) as store:
        [row] = store.mail.outbox.stream("desk", MessageState.QUEUED)
        rows = await store.mail.outbox.claim(Claim("desk", row.message.mailbox, "two", store.now(), 1))
        ids = [one.message.id for one in rows]
        if sent:
            assert await store.mail.outbox.start_sending(ids, "two") == set(ids)
        return ids


@pytest.mark.parametrize("state", OUT_OF_HANDS)
def test_nothing_is_offered_once_it_has_left(desk: Desk, ada: Browser, state: MessageState) -> None:
    html = ada.get(url(desk, state)).text
    assert "Nothing more can be decided about it." in html
    assert not [action for action in ACTIONS if f"/{action}?" in html or f'/{action}"' in html]
    assert "as it left" in html


def test_the_page_says_when_it_left_and_what_came_back(desk: Desk, ada: Browser) -> None:
    told = [
        words(ada.get(f"/c/desk/drafts/{row.message.draft}").text)
        for row in rows_in(desk.loaded, MessageState.ACCEPTED)
    ]
    assert sum("UTC; they answered on 20" in one for one in told) == 1
    assert sum("UTC; they opted out on 20" in one for one in told) == 1
    assert "The server refused it: rcpt 550 5.1.1 no such user" in words(ada.get(url(desk, MessageState.REJECTED)).text)


def test_a_page_that_was_open_when_it_left_is_refused_with_one_sentence(desk: Desk, ada: Browser) -> None:
    draft = url(desk, MessageState.QUEUED)
    form = fields(ada.get(draft).text)
    asyncio.run(claimed(desk, sent=True))
    before = desk.reviews()
    for action, sent in (("accept", {}), ("reject", {"reason": "generic"}), ("withdraw", {}), ("set_aside", {})):
        refused = ada.post(f"{draft}/{action}", **form, **sent)
        assert refused.status_code == 409
        told = "This email is on its way already, so nothing was changed: it is being sent just now."
        assert said(refused.text) == told
    assert desk.reviews() == before


def test_undo_takes_it_back_from_a_sender_that_has_claimed_it(desk: Desk, ada: Browser) -> None:
    draft = url(desk, MessageState.QUEUED)
    [id] = asyncio.run(claimed(desk))
    html = ada.get(draft).text
    assert "In the outbox, due on 20" in html, "a claim is no more than a place in the queue"
    assert "Queued 1 Leaving 1" in words(ada.get("/c/desk/outbox").text)
    assert ada.post(f"{draft}/withdraw", **fields(html)).status_code == 303
    with open_store(desk.loaded.store_url) as store:
        assert asyncio.run(store.mail.outbox.start_sending([id], "two")) == set()
    assert "status ready" in ada.get("/c/desk/queue?show=all&state=ready").text


def test_undo_before_it_is_claimed_takes_it_out_of_the_queue(desk: Desk, ada: Browser) -> None:
    draft = url(desk, MessageState.QUEUED)
    html = ada.get(draft).text
    assert "In the outbox, due on 20" in html
    assert ada.post(f"{draft}/withdraw", **fields(html)).status_code == 303
    assert "In the outbox" not in ada.get(draft).text
    with open_store(desk.loaded.store_url) as store:
        [row] = store.mail.outbox.stream("desk", MessageState.QUEUED)
        stands = {one.prospect.key: one.state for one in standings(desk.loaded, store)}
        assert stands[row.message.prospect] is State.READY
        assert asyncio.run(store.mail.outbox.claim(Claim("desk", row.message.mailbox, "two", store.now(), 1))) == []
    assert "status ready" in ada.get("/c/desk/queue?show=all&state=ready").text


def test_the_queue_lists_by_what_became_of_them(desk: Desk, ada: Browser) -> None:
    for state, number in (("replied", 1), ("uncertain", 2), ("queued", 1), ("refused", 1), ("approved", 0)):
        html = ada.get(f"/c/desk/queue?show=all&state={state}").text
        assert len(listed(html)) == number
        assert html.count(f"status {state}") == number


def test_the_report_says_it_too(desk: Desk, ada: Browser) -> None:
    told = words(ada.get("/c/desk/report").text)
    assert "UTC; they answered on 20" in told and "1 replied" in told and "approved" not in told.partition("Emails")[0]

"""What came back over HTTP: answers with their classes, a person's word in place of the model's, and other mails."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from miniatures.app.web.visitors import Rights
from miniatures.datamodel.inbound import InboundKind, ReplyClass
from miniatures.store.open import open_store
from tests.app.web.client import Browser
from tests.app.web.mail_campaign import READER, THANKS, mail_desk, mails
from tests.app.web.test_overview import words
from tests.app.web.test_review_pages import Desk

REPLIES = "/c/desk/replies"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setattr("miniatures.store.mail.suppressions.user_data_path", lambda name: tmp_path / "home")
    with mail_desk(tmp_path / "desk") as opened:
        yield opened


@pytest.fixture
def bo(desk: Desk) -> Browser:
    return desk.browser("bo", Rights.REVIEWER)


def shown(browser: Browser, query: str = "") -> str:
    reply = browser.get(f"{REPLIES}{query}")
    assert reply.status_code == 200
    return words(reply.text)


def test_what_people_wrote_is_listed_newest_first_with_its_class(bo: Browser) -> None:
    told = shown(bo)
    assert "Answers 4" in told and "1 to 4 of 4" in told
    assert f"neutral told by {READER}" in told and "opt out told by its own words" in told and "not told yet" in told
    assert told.index(THANKS) < told.index("Not for us.") < told.index("write to dora@company-9.example")


def test_what_people_wrote_is_shown_as_words(bo: Browser) -> None:
    page = bo.get(REPLIES).text
    assert "<script>alert" not in page and "&lt;script&gt;alert" in page


@pytest.mark.parametrize(
    ("query", "there", "not_there"),
    [
        ("?reply_class=neutral", THANKS, "STOP"),
        ("?reply_class=none", "Not for us.", THANKS),
        ("?reply_class=positive", "No answer is of this class.", THANKS),
        ("?kind=opt_out", "STOP", THANKS),
        ("?kind=referral", "write to dora@company-9.example", THANKS),
        ("?kind=out_of_office", "back on 2026-12-07", THANKS),
        ("?kind=bounce", "5.1.1 no such address smtp; 550 no such user", THANKS),
        ("?kind=complaint", "None.", THANKS),
        ("?page=9", "There is no such page.", THANKS),
    ],
)
def test_a_filter_shows_some(bo: Browser, query: str, there: str, not_there: str) -> None:
    told = shown(bo, query)
    assert there in told and not_there not in told


def test_an_answer_stands_beside_the_email_that_it_answers(desk: Desk, bo: Browser) -> None:
    newest = mails(desk.loaded, InboundKind.REPLY)[0]
    page = bo.get(f"{REPLIES}/{newest.id}").text
    with open_store(desk.loaded.store_url) as store:
        answered = store.mail.outbox.row(str(newest.message))
    assert answered is not None
    told = words(page)
    assert THANKS in told and " ".join(answered.message.body.split()) in told
    assert f"neutral told by {READER}" in told
    keys = re.findall(r'name="reply_class" value="(\w+)" data-key="(\d)"', page)
    assert keys == [(one.value, str(number)) for number, one in enumerate(ReplyClass, 1)]


def test_a_persons_word_takes_the_place_of_the_models_and_leads_on(desk: Desk, bo: Browser) -> None:
    newest, older = mails(desk.loaded, InboundKind.REPLY)
    reply = bo.post(f"{REPLIES}/{newest.id}/correct?kind=reply", reply_class="positive")
    assert (reply.status_code, reply.headers["location"]) == (303, f"{REPLIES}/{older.id}?kind=reply")
    now = mails(desk.loaded, InboundKind.REPLY)[0]
    assert (now.reply_class, now.classified_by) == (ReplyClass.POSITIVE, "bo")
    last = bo.post(f"{REPLIES}/{older.id}/correct?kind=reply", reply_class="negative")
    assert last.headers["location"] == f"{REPLIES}?kind=reply"


def test_the_way_on_is_kept_when_the_answer_leaves_the_list(desk: Desk, bo: Browser) -> None:
    first, _, referral = mails(desk.loaded, InboundKind.REPLY, InboundKind.REFERRAL)
    reply = bo.post(f"{REPLIES}/{first.id}/correct?reply_class=neutral", reply_class="positive")
    assert reply.headers["location"] == f"{REPLIES}/{referral.id}?reply_class=neutral"


def test_whoever_asks_to_be_left_alone_is_never_written_to_again(desk: Desk, bo: Browser) -> None:
    newest = mails(desk.loaded, InboundKind.REPLY)[0]
    bo.post(f"{REPLIES}/{newest.id}/correct", reply_class="opt_out")
    with open_store(desk.loaded.store_url) as store:
        assert store.mail.suppressions.listed(newest.sender, "desk") is not None


def test_what_nobody_wrote_has_no_class_to_correct(desk: Desk, bo: Browser) -> None:
    [bounce] = mails(desk.loaded, InboundKind.BOUNCE)
    assert "What does it mean?" not in bo.get(f"{REPLIES}/{bounce.id}").text
    assert bo.post(f"{REPLIES}/{bounce.id}/correct", reply_class="positive").status_code == 422
    assert mails(desk.loaded, InboundKind.BOUNCE)[0].reply_class is None


def test_what_is_not_there_and_what_is_no_class(desk: Desk, bo: Browser) -> None:
    newest = mails(desk.loaded, InboundKind.REPLY)[0]
    assert bo.get(f"{REPLIES}/{'0' * 32}").status_code == 404
    assert bo.post(f"{REPLIES}/{newest.id}/correct", reply_class="lovely").status_code == 422
    assert bo.get(f"{REPLIES}?kind=letter").status_code == 422

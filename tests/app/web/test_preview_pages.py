"""An email as it would leave, over HTTP: what is shown of it, and that its HTML can load and run nothing."""

from __future__ import annotations

import asyncio
import html
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from miniatures.app.web.preview_pages import EMAIL_POLICY, PAGE_POLICY
from miniatures.datamodel.message import MessageState
from miniatures.datamodel.suppression import SuppressionReason
from miniatures.store.open import open_store
from tests.app.web.client import Browser
from tests.app.web.mail_campaign import SEND, mail_desk, rows_in
from tests.app.web.test_overview import words
from tests.app.web.test_review_pages import Desk, said


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with mail_desk(tmp_path / "desk") as opened:
        yield opened


@pytest.fixture
def ada(desk: Desk) -> Browser:
    return desk.browser()


def held_back(desk: Desk) -> str:
    return next(draft.id for draft in desk.drafts().values() if draft.status == "needs_review")


def draft_in(desk: Desk, state: MessageState) -> str:
    return f"/c/desk/drafts/{rows_in(desk.loaded, state)[0].message.draft}"


def test_an_approved_draft_is_shown_as_it_would_leave(desk: Desk, ada: Browser) -> None:
    page = ada.get(f"{draft_in(desk, MessageState.QUEUED)}/preview")
    assert page.status_code == 200
    told = words(page.text)
    assert "As it would leave" in told and "It is approved , and leaves when" in told
    assert "Mailbox sales (maren@tarnwick.example)" in told and re.search(r"Size \d+ kB", told)
    assert "From Maren Holloway <maren@tarnwick.example>" in told and "List-Unsubscribe-Post" in told
    assert "14 Ropery Yard" in told


def test_a_draft_that_nobody_approved_says_so(desk: Desk, ada: Browser) -> None:
    told = words(ada.get(f"/c/desk/drafts/{held_back(desk)}/preview").text)
    assert "Nobody has approved this draft, and it does not leave : a check did not pass" in told


def test_whoever_wants_no_mail_is_not_said_to_get_any(desk: Desk, ada: Browser) -> None:
    row = rows_in(desk.loaded, MessageState.QUEUED)[0]
    with open_store(desk.loaded.store_url) as store:
        asyncio.run(store.mail.suppressions.add(row.message.address, SuppressionReason.OPT_OUT, campaign="desk"))
    told = words(ada.get(f"/c/desk/drafts/{row.message.draft}/preview").text)
    assert re.search(r"want no mail \(opt out, since \d{4}-\d\d-\d\d\): it does not leave\.", told)
    assert "It is approved" not in told


def test_what_is_in_the_outbox_is_shown_by_its_very_bytes(desk: Desk, ada: Browser) -> None:
    row = rows_in(desk.loaded, MessageState.ACCEPTED)[0]
    for _ in range(2):
        told = words(ada.get(f"/c/desk/drafts/{row.message.draft}/preview").text)
        assert "As it left the outbox" in told and "these are its very bytes" in told
        assert str(row.message_id) in told


def test_the_html_has_a_page_of_its_own_that_loads_and_runs_nothing(desk: Desk, ada: Browser) -> None:
    draft = draft_in(desk, MessageState.QUEUED)
    page = ada.get(f"{draft}/preview")
    assert page.headers["content-security-policy"] == PAGE_POLICY and PAGE_POLICY.endswith("; frame-src 'self'")
    [frame] = re.findall(r"<iframe[^>]*>", page.text)
    assert 'sandbox=""' in frame and f'src="{draft}/preview.html"' in frame and 'title="' in frame
    email = ada.get(f"{draft}/preview.html")
    assert email.headers["content-security-policy"] == EMAIL_POLICY
    assert EMAIL_POLICY.startswith("sandbox; default-src 'none'") and "script" not in EMAIL_POLICY
    assert "<html" in email.text and "http://127.0.0.1:8085/u/" in html.unescape(email.text)
    assert "<script" not in page.text.partition("</head>")[2]


def test_it_is_for_whoever_was_let_in(desk: Desk) -> None:
    draft = draft_in(desk, MessageState.QUEUED)
    for path in (f"{draft}/preview", f"{draft}/preview.html"):
        assert desk.app.get(path).headers["location"] == "/login"


def test_a_draft_leads_to_its_preview_if_the_campaign_sends(desk: Desk, ada: Browser) -> None:
    draft = draft_in(desk, MessageState.QUEUED)
    assert f'href="{draft}/preview"' in ada.get(draft).text
    text = desk.loaded.path.read_text(encoding="utf-8").replace(SEND, "")
    desk.loaded.path.write_text(text, encoding="utf-8")
    assert "/preview" not in ada.get(draft).text
    refused = ada.get(f"{draft}/preview")
    assert refused.status_code == 422 and "has no `send:`" in said(refused.text)


def test_a_draft_that_is_not_there(ada: Browser) -> None:
    assert ada.get(f"/c/desk/drafts/{'0' * 32}/preview").status_code == 404

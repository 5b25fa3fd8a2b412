"""Outbox, replies and preview in a real browser: by keyboard, without scripts, readable, and nothing foreign loads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Request, expect

from miniatures.datamodel.inbound import InboundKind, ReplyClass
from miniatures.datamodel.message import MessageState
from tests.app.web.mail_campaign import THANKS, mails, rows_in, write_mail_campaign
from tests.browser.conftest import RunningApp, elsewhere, running_app

pytestmark = pytest.mark.slow

HELD_BACK = ("csp",)
DESK = {"viewport": {"width": 1280, "height": 850}, "color_scheme": "light"}
PHONE = {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark", "has_touch": True}
STATES = ("queued", "leaving", "accepted", "rejected", "cancelled")
OUTBOX = ("/outbox", *(f"/outbox?state={state}" for state in STATES))
REPLIES = ("/replies", *(f"/replies?kind={kind}" for kind in ("out_of_office", "bounce", "referral", "opt_out")))


@pytest.fixture
def app(tmp_path: Path, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningApp]:
    monkeypatch.setenv("MINIATURES_HOME", str(tmp_path / "home"))
    with running_app(elsewhere(lambda: write_mail_campaign(tmp_path / "desk")), browser) as running:
        yield running


def pages_of(app: RunningApp) -> list[str]:
    row, mail = rows_in(app.loaded, MessageState.ACCEPTED)[0], mails(app.loaded)[0]
    draft = f"/drafts/{row.message.draft}"
    return ["", *OUTBOX, *REPLIES, f"/replies/{mail.id}", draft, f"{draft}/preview"]


def strangers_of(page: Page, app: RunningApp) -> Callable[[], list[str]]:
    """What the page has asked others for, that no policy of ours held back."""
    asked: list[Request] = []

    def note(request: Request) -> None:
        if not request.url.startswith(app.url):
            asked.append(request)

    page.on("request", note)
    return lambda: [one.url for one in asked if one.failure not in HELD_BACK]


@pytest.mark.parametrize("seen", [DESK, PHONE], ids=["desk, light", "phone, dark"])
def test_no_page_keeps_anybody_out(app: RunningApp, browser: Browser, seen: dict[str, object]) -> None:
    context = browser.new_context(**seen, storage_state=app.context.storage_state())  # type: ignore[arg-type]
    page = context.new_page()
    strangers = strangers_of(page, app)
    found = {}
    for path in elsewhere(lambda: pages_of(app)):
        page.goto(f"{app.base}{path}")
        violations = [
            (one["id"], [node["html"][:100] for node in one["nodes"][:2]])
            for one in Axe().run(page).response["violations"]
        ]
        wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if violations or wider > 0:
            found[path] = violations, wider
    assert strangers() == []
    context.close()
    assert found == {}


def test_the_email_s_html_is_styled_and_loads_runs_and_leads_nowhere(app: RunningApp) -> None:
    row = elsewhere(lambda: rows_in(app.loaded, MessageState.ACCEPTED)[0])
    page = app.context.new_page()
    strangers = strangers_of(page, app)
    page.goto(f"{app.base}/drafts/{row.message.draft}/preview")
    frame = page.frame_locator("iframe.letter-frame")
    expect(frame.locator("body")).to_have_css("font-size", "15px")
    expect(frame.locator("img")).to_have_count(1)
    assert strangers() == [], "the picture that counts opens is not fetched"
    frame.locator("p a").first.click()
    page.wait_for_timeout(500)
    assert strangers() == []
    assert page.url.endswith("/preview")
    page.close()


def test_answers_are_told_by_keys(app: RunningApp) -> None:
    page = app.open("/replies?kind=reply")
    page.keyboard.press("Enter")
    expect(page.locator(".left .body")).to_contain_text(THANKS)
    expect(page.get_by_role("button", name="Positive 1")).to_be_visible()
    page.keyboard.press("1")
    expect(page.locator(".left .body")).to_contain_text("Not for us.")
    page.keyboard.press("3")
    page.wait_for_url("**/replies?kind=reply")
    told = elsewhere(lambda: mails(app.loaded, InboundKind.REPLY))
    assert [(one.reply_class, one.classified_by) for one in told] == [
        (ReplyClass.POSITIVE, "ada"),
        (ReplyClass.NEGATIVE, "ada"),
    ]


def test_everything_works_without_scripts(app: RunningApp, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False, storage_state=app.context.storage_state())
    page = context.new_page()
    page.set_default_timeout(15_000)
    page.goto(f"{app.base}/outbox")
    page.get_by_role("button", name="It left").first.click()
    expect(page.get_by_role("link", name="Uncertain")).to_contain_text("1")
    page.get_by_text("Pause", exact=True).first.click()
    page.get_by_label("Why").fill("a look first")
    page.get_by_role("button", name="Pause").click()
    expect(page.locator(".pause")).to_contain_text("ada: a look first")
    page.get_by_role("button", name="Resume").click()
    expect(page.locator(".pause")).to_have_count(0)
    page.goto(f"{app.base}/replies")
    page.locator(".rows a").first.click()
    page.get_by_role("button", name="Wrong person").click()
    told = elsewhere(lambda: mails(app.loaded)[0])
    assert told.reply_class is ReplyClass.WRONG_PERSON
    context.close()

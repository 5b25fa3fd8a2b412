"""Opting out in a real browser: by keyboard alone, without scripts, readable, and nothing is fetched from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from miniatures.datamodel.message import MessageState
from miniatures.delivery.tokens import TokenKind
from tests.app.track.served import Served, served, write_campaign

pytestmark = pytest.mark.slow

DESK = {"viewport": {"width": 1280, "height": 850}, "color_scheme": "light"}
PHONE = {"viewport": {"width": 360, "height": 740}, "color_scheme": "dark", "has_touch": True}


@pytest.fixture
def tracker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    monkeypatch.setattr("miniatures.store.mail.suppressions.user_data_path", lambda name: tmp_path / "home")
    with served(write_campaign(tmp_path / "autumn")) as running:
        yield running


def page_in(browser: Browser, tracker: Served, **seen: object) -> tuple[Page, list[str]]:
    """The opt-out page in a browser that runs no scripts, and all that it asks others for."""
    context = browser.new_context(java_script_enabled=False, **seen)  # type: ignore[arg-type]
    page = context.new_page()
    page.set_default_timeout(15_000)
    strangers: list[str] = []
    page.on("request", lambda one: None if one.url.startswith(tracker.url) else strangers.append(one.url))
    page.goto(tracker.url + tracker.path(TokenKind.OPT_OUT))
    return page, strangers


def test_by_keyboard_and_without_scripts(tracker: Served, browser: Browser) -> None:
    page, strangers = page_in(browser, tracker)
    expect(page.get_by_role("heading")).to_have_text("No more emails?")
    expect(page.get_by_text("Robin Ashford, Waymark Planning")).to_be_visible()
    expect(page.get_by_text("k***@depot.example")).to_be_visible()
    assert not tracker.opted_out()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Send me no more emails")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading")).to_have_text("You will get no more emails.")
    expect(page.get_by_role("button")).to_have_count(0)
    assert tracker.opted_out()
    assert tracker.state() is MessageState.CANCELLED
    assert strangers == []


def test_pressing_again_in_an_older_tab_is_fine(tracker: Served, browser: Browser) -> None:
    page, _ = page_in(browser, tracker)
    older, _ = page_in(browser, tracker)
    for tab in (page, older):
        tab.get_by_role("button").click()
        expect(tab.get_by_role("heading")).to_have_text("You will get no more emails.")
    older.reload()
    expect(older.get_by_role("heading")).to_have_text("You will get no more emails.")
    assert tracker.opted_out()


def test_going_back_shows_that_it_is_done(tracker: Served, browser: Browser) -> None:
    page, _ = page_in(browser, tracker)
    page.get_by_role("button").click()
    page.get_by_role("heading", name="You will get").wait_for()
    page.go_back()
    expect(page.get_by_role("heading")).to_have_text("You will get no more emails.")
    expect(page.get_by_role("button")).to_have_count(0)


@pytest.mark.parametrize("seen", [DESK, PHONE], ids=["desk, light", "phone, dark"])
def test_no_page_keeps_anybody_out(tracker: Served, browser: Browser, seen: dict[str, object]) -> None:
    context = browser.new_context(bypass_csp=True, **seen)  # type: ignore[arg-type]
    page = context.new_page()
    page.set_default_timeout(15_000)
    found = {}
    for path in (tracker.path(TokenKind.OPT_OUT), "/c/no-such-link"):
        page.goto(tracker.url + path)
        found[path] = [one["id"] for one in Axe().run(page).response["violations"]]
        wider = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
        assert not wider
    page.goto(tracker.url + tracker.path(TokenKind.OPT_OUT))
    page.get_by_role("button").click()
    page.get_by_role("heading", name="You will get").wait_for()
    found["done"] = [one["id"] for one in Axe().run(page).response["violations"]]
    assert not any(found.values()), found


def test_the_style_is_applied_under_its_own_policy(tracker: Served, browser: Browser) -> None:
    page, _ = page_in(browser, tracker)
    expect(page.get_by_role("button")).to_have_css("background-color", "rgb(11, 87, 164)")

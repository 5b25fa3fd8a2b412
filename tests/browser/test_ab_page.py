"""The arms of a test in a real browser: the word at each of its three, readable by everybody, and an owner's yes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from miniatures.weights.registry import Registry
from tests.app.web.test_ab_pages import ALIKE, FEW, LOST
from tests.app.web.test_model_pages import add
from tests.browser.conftest import RunningApp, elsewhere, running_app
from tests.delivery.ab_campaign import Did, write_ab_campaign

pytestmark = pytest.mark.slow


@pytest.fixture
def versions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    """Two versions of `mine`, the first of them live."""
    monkeypatch.setenv("MINIATURES_HOME", str(tmp_path / "home"))
    first, second = add(tmp_path, 1), add(tmp_path, 2)
    Registry().promote("mine", first)
    return first, second


@contextmanager
def opened(
    folder: Path, arms: dict[str, Did], versions: tuple[str, str], browser: Browser, **context: object
) -> Iterator[RunningApp]:
    adapters = {
        arm: Registry().card("mine", version).adapter_sha256
        for arm, version in zip(("teacher", "student"), versions, strict=True)
    }
    sent_at = datetime.now(UTC) - timedelta(days=20)
    loaded = elsewhere(lambda: write_ab_campaign(folder / "autumn", arms, adapters=adapters, sent_at=sent_at))
    with running_app(loaded, browser, **context) as app:
        yield app


def faults(page: Page) -> list[str]:
    """What keeps somebody out, and whether the page is wider than the screen."""
    found = [one["id"] for one in Axe().run(page).response["violations"] if one["impact"] in ("serious", "critical")]
    wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return [*found, *(["wider than the screen"] if wider > 0 else [])]


@pytest.mark.parametrize(
    ("arms", "word"),
    [
        (ALIKE, "student is no worse than teacher"),
        (LOST, "student is worse than teacher"),
        (FEW, "Not yet known whether student is no worse than teacher"),
    ],
    ids=["no worse", "worse", "not yet known"],
)
def test_the_word_is_read_by_everybody(
    tmp_path: Path, versions: tuple[str, str], browser: Browser, arms: dict[str, Did], word: str
) -> None:
    with opened(tmp_path, arms, versions, browser) as app:
        phone = browser.new_context(
            viewport={"width": 390, "height": 844},
            color_scheme="dark",
            java_script_enabled=True,
            storage_state=app.context.storage_state(),
        )
        on_phone = phone.new_page()
        for page in (app.open("/ab"), on_phone):
            page.goto(f"{app.base}/ab")
            expect(page.locator("main h2").first).to_contain_text(word)
            assert faults(page) == []
        on_phone.goto(f"{app.base}/ab/decide")
        assert faults(on_phone) == []
        phone.close()


def test_an_owner_decides_without_scripts(tmp_path: Path, versions: tuple[str, str], browser: Browser) -> None:
    first, second = versions
    with opened(tmp_path, ALIKE, versions, browser) as app:
        plain = browser.new_context(java_script_enabled=False, storage_state=app.context.storage_state())
        page = plain.new_page()
        page.goto(app.base)
        page.get_by_role("link", name="Compare the arms").click()
        page.get_by_role("link", name="Decide").click()
        expect(page.locator("main")).to_contain_text(f"Promote mine@{second}: it goes live in place of {first}.")
        assert Registry().state("mine").live == first
        page.get_by_role("button", name="Do that").click()
        expect(page.locator("main")).to_contain_text("Done.")
        expect(page.locator("main")).to_contain_text("student, promoted")
        assert Registry().state("mine").live == second
        plain.close()

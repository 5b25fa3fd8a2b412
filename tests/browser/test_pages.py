"""Every page of the app in a real browser: readable by everybody, in light and dark, on a desk and on a phone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from miniatures.datamodel.review import Preference
from miniatures.inputs.campaign import LoadedCampaign
from miniatures.weights.registry import Registry
from tests.app.web.client import small_app
from tests.app.web.desk_campaign import write_campaign
from tests.app.web.test_model_pages import SCORES, add, compared
from tests.browser.conftest import RunningApp, elsewhere, running_app

pytestmark = pytest.mark.slow

OF_CAMPAIGN = (
    "",
    "/queue",
    "/queue?show=all&order=doubt",
    "/queue?search=nobody-of-that-name",
    "/outbox",
    "/replies",
    "/review",
    "/bulk",
    "/compare",
    "/compare/results",
    "/read",
    "/read/results",
    "/report",
    "/traces",
    "/no-such-page",
)
OF_ALL = ("/models", "/models/reader/4f8080646f61", "/models/outreach/90a15197c8fb", "/datasets", "/login")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[RunningApp]:
    loaded = elsewhere(lambda: write_campaign(tmp_path_factory.mktemp("pages") / "desk", drafts=8))
    with running_app(loaded, browser) as app:
        yield app


@pytest.mark.parametrize(
    "seen",
    [
        {"viewport": {"width": 1280, "height": 850}, "color_scheme": "light"},
        {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark", "has_touch": True},
    ],
    ids=["desk, light", "phone, dark"],
)
def test_no_page_keeps_anybody_out(small: RunningApp, browser: Browser, seen: dict[str, object]) -> None:
    context = browser.new_context(**seen, storage_state=small.context.storage_state())  # type: ignore[arg-type]
    page = context.new_page()
    strangers: list[str] = []
    page.on("request", lambda request: strangers.append(request.url) if not request.url.startswith(small.url) else None)
    found = {}
    for path in (*(f"/c/desk{path}" for path in OF_CAMPAIGN), *OF_ALL):
        page.goto(f"{small.url}{path}")
        serious = [
            (one["id"], [node["html"][:100] for node in one["nodes"][:2]])
            for one in Axe().run(page).response["violations"]
            if one["impact"] in ("serious", "critical")
        ]
        wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if serious or wider > 0:
            found[path] = serious, wider
    context.close()
    assert found == {}
    assert strangers == []


def test_the_report_is_saved_as_one_file(small: RunningApp, tmp_path: Path) -> None:
    page = small.open("/report")
    with page.expect_download() as saved:
        page.locator("a[href$='report.html']").first.click()
    file = tmp_path / "report.html"
    saved.value.save_as(file)
    page.goto(f"file://{file}")
    expect(page.locator("h1")).to_have_text("desk")
    assert "/static/" not in file.read_text(encoding="utf-8")


def test_a_miniature_is_promoted_and_rolled_back(
    tmp_path: Path, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MINIATURES_HOME", str(tmp_path / "home"))
    first = add(tmp_path, 1, scores=SCORES)
    second = add(tmp_path, 2, comparisons=(compared(first), compared(first, measure="researcher_right")))
    loaded = elsewhere(lambda: write_campaign(tmp_path / "desk", drafts=1))
    with running_app(loaded, browser) as app:
        page = app.open()
        for version, verdict in ((first, "No version is live"), (second, "shown not worse than the live version")):
            page.goto(f"{app.url}/models/mine/{version}")
            expect(page.locator("main")).to_contain_text(verdict)
            page.get_by_role("button", name=f"Promote {version}").click()
            expect(page.locator("main")).to_contain_text(f"mine@{version} is live")
        page.get_by_role("button", name=f"Roll back to {first}").click()
        expect(page.locator("main")).to_contain_text(f"mine@{first} is live, in place of {second}.")
    assert Registry().state("mine").live == first


def test_two_answers_are_compared_by_keys(tmp_path: Path, browser: Browser) -> None:
    loaded = elsewhere(lambda: compared_campaign(tmp_path))
    with running_app(loaded, browser) as app:
        page = app.open("/compare")
        for key in ("1", "ArrowRight", "t"):
            pair = page.locator("[name=pair]").get_attribute("value")
            assert "other:" not in page.content() and "steady" not in page.content()
            page.keyboard.press(key)
            expect(page.locator("[name=pair]")).not_to_have_attribute("value", str(pair))
        with app.store() as store:
            said = [one.preference for one in store.reviews(loaded.name) if one.preference]
    assert len(said) == 3 and said.count(Preference.TIE) == 1
    assert len(set(said)) > 1


def compared_campaign(folder: Path) -> LoadedCampaign:
    """A campaign whose emails were written by two backends."""
    with small_app(folder) as opened:
        return opened.desk.loaded

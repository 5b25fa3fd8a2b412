"""The report in the app says what the file says, and the file needs nothing but itself."""

from __future__ import annotations

import re

from miniatures.measure.report import heading_of, report_page
from miniatures.review.standings import standings
from tests.app.web.client import COUNT, Browser, OpenedApp
from tests.chaos.small_campaign import NAME

REPORT = f"/c/{NAME}/report"


def body(page: str) -> str:
    """What both have: the headline and all below it."""
    return re.split(r"<footer", page[page.index("<h1>") :])[0]


def test_the_page_is_the_file_in_the_app_s_style(ada: Browser) -> None:
    page, saved = ada.get(REPORT), ada.get(f"{REPORT}.html")
    assert (page.status_code, saved.status_code) == (200, 200)
    assert body(page.text) == body(saved.text)
    assert page.text.count("<article") == COUNT
    assert f'href="{REPORT}.html" download' in page.text
    script = re.search(r'<script src="(/static/filter\.js\?\w+)"', page.text)
    assert script is not None and ada.get(script[1]).headers["content-type"].startswith("text/javascript")


def test_the_file_is_saved_and_stands_alone(app: OpenedApp, ada: Browser) -> None:
    saved = ada.get(f"{REPORT}.html")
    assert saved.headers["content-disposition"] == f'attachment; filename="{NAME}-report.html"'
    assert "<style>" in saved.text and "<script>" in saved.text
    assert not re.search(r"<link|src=|\sstyle=", saved.text)
    loaded, store = app.desk.loaded, app.desk.store
    assert body(report_page(heading_of(loaded), standings(loaded, store))) == body(saved.text)


def test_a_check_s_share_is_a_meter_that_is_read_aloud(ada: Browser) -> None:
    meters = re.findall(r'<meter min="0" max="(\d+)" value="(\d+)" aria-label="([^"]+)">', ada.get(REPORT).text)
    assert meters and all(int(passed) <= int(ran) for ran, passed, _ in meters)


def test_a_campaign_that_was_never_run_has_no_report(app: OpenedApp, ada: Browser) -> None:
    assert ada.get("/c/another/report").status_code == 404

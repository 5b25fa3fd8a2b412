"""The page of a campaign says how it goes, changes by itself, and shows foreign words as words."""

from __future__ import annotations

import html
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml.html import document_fromstring
from starlette.testclient import TestClient

from miniatures.app.web.desks import Desks
from miniatures.app.web.routes import web_app
from miniatures.app.web.site import Site
from miniatures.app.web.visitors import COOKIE, Rights, Sessions, Visitor
from miniatures.datamodel.draft import Draft, DraftStatus
from miniatures.inputs.scaffold import create_campaign
from miniatures.review.approvals import Decisions
from miniatures.review.queue import draft_to_review
from miniatures.review.reviewing import accept
from miniatures.store.store import Store
from tests.app.web.client import COUNT, Browser, OpenedApp, small_app
from tests.chaos.small_campaign import NAME
from tests.store.databases import trace_of

PAGE = f"/c/{NAME}"


def words(text: str) -> str:
    """What a person reads."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


async def accept_one(store: Store) -> None:
    waiting = store.waiting(NAME, "ada")[0]
    draft = draft_to_review(store, waiting, Decisions([]))
    assert draft is not None
    await store.add_review(accept(draft.item, "ada").model_copy(update={"seconds": 12.0}))


def test_the_page_says_how_it_goes(app: OpenedApp, ada: Browser) -> None:
    reply = ada.get(PAGE)
    assert reply.status_code == 200
    said = words(reply.text)
    assert f"{COUNT} of {COUNT} prospects researched" in said and "completed" in said
    assert "Review" in said and "Ready means: passed the checks." in said
    assert "No email is approved yet" in said and "Nobody has decided about a draft yet." in said
    assert re.search(r"researcher \d+ ", said) and re.search(r"writer \d+ ", said)
    app.change(accept_one)
    said = words(ada.get(PAGE).text)
    assert "Approved: 1 accepted and 0 edited" in said
    assert re.search(r"ada 1 12 0 % 100 %", said)


def test_the_page_has_no_style_or_script_of_its_own(ada: Browser) -> None:
    for path in (PAGE, "/", f"{PAGE}/report"):
        page = ada.get(path).text
        assert not re.search(r"\sstyle=|<style|\son[a-z]+=|<script(?! src)", page)


def test_the_page_changes_by_itself_without_closing_what_is_open(ada: Browser) -> None:
    page = document_fromstring(ada.get(PAGE).text)
    [live] = page.xpath("//*[@hx-trigger='live from:body']")
    assert live.get("hx-get") == PAGE
    for name in live.getparent().get("hx-select-oob").split(","):
        [part] = page.xpath(f"//*[@id='{name.strip().removeprefix('#')}']")
        assert not part.xpath(".//details"), "what is fetched anew would be closed"


def test_charts_are_images_with_the_same_numbers_in_a_table(ada: Browser) -> None:
    page = ada.get(PAGE).text
    images = re.findall(r'<img class="chart" src="([^"]+)"[^>]* alt="([^"]+)"', page)
    assert len(images) == 2 and all("The numbers stand in the table below." in alt for _, alt in images)
    for address, _ in images:
        for url in (html.unescape(address), html.unescape(f"{address}&amp;narrow=true")):
            reply = ada.get(url)
            assert (reply.status_code, reply.headers["content-type"]) == (200, "image/svg+xml")
            assert "style-src 'unsafe-inline'" in reply.headers["content-security-policy"]
            assert reply.headers["x-content-type-options"] == "nosniff"
    assert re.search(r'id="numbers".*Share ready', page, re.DOTALL)
    missing = ada.get(f"{PAGE}/charts/another.svg")
    assert missing.status_code == 404 and "no chart" in missing.text
    assert ada.get(f"{PAGE}/charts/outcomes.svg?narrow=perhaps").status_code == 422


def test_a_chart_is_for_whoever_was_let_in(app: OpenedApp) -> None:
    reply = app.client().get(f"{PAGE}/charts/outcomes.svg")
    assert (reply.status_code, reply.headers["location"]) == (303, "/login")


def test_foreign_words_are_shown_as_words(app: OpenedApp, ada: Browser) -> None:
    hostile = "<script>alert(1)</script>"

    async def record(store: Store) -> None:
        person = next(store.results(NAME)).prospect
        store.recorder.record(trace_of(person, campaign=NAME, role=hostile))
        draft = Draft(subject="S", body="B", status=DraftStatus.NEEDS_REVIEW, backend=hostile)
        await store.save_result(next(store.results(NAME)).model_copy(update={"draft": draft}))

    app.change(record)
    page = ada.get(PAGE).text
    assert hostile not in page and html.escape(hostile) in page


def test_a_run_that_goes_on_and_one_that_was_killed_are_told_apart(app: OpenedApp, ada: Browser) -> None:
    app.change(lambda store: store.start_run("f" * 32, NAME, "p"))
    with app.desk.store.campaign_lock(NAME):
        assert "running now" in words(ada.get(PAGE).text)
    with app.desk.store._database.change() as connection:
        connection.exec_driver_sql(f"UPDATE holders SET pid = {2**22 + 1}")
    said = words(ada.get(PAGE).text)
    assert "killed" in said and "its process is gone" in said and "running now" not in said


def test_what_is_left_is_told_with_what_to_type(app: OpenedApp, ada: Browser) -> None:
    with (app.folder / "prospects.csv").open("a") as file:
        file.write("late@later.example,Late,Comer,,Later Ltd,\n")
    said = words(ada.get(PAGE).text)
    assert f"{COUNT} of {COUNT + 1} prospects researched, 1 left" in said
    assert f"To go on, type miniatures run {app.desk.command}" in said


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Browser]:
    """A campaign that was run, and one that was not, and somebody who looks at both."""
    with small_app(tmp_path) as opened:
        shutil.copytree(opened.folder, tmp_path / "again")
    create_campaign(tmp_path / "winter")
    site, visitor = Site(Desks([tmp_path / "again", tmp_path / "winter"]), Sessions()), Visitor("ada", Rights.REVIEWER)
    site.sessions.open(visitor)
    with TestClient(web_app(site), base_url="http://localhost", follow_redirects=False) as client:
        client.cookies.set(COOKIE, visitor.session)
        yield Browser(client, visitor)
        assert client.portal is not None
        client.portal.call(site.desks.close)


def test_each_campaign_has_a_card(two: Browser) -> None:
    cards = [words(card) for card in re.findall(r'<a class="card".*?</a>', two.get("/").text, re.DOTALL)]
    assert f"{COUNT} of {COUNT} prospects researched" in cards[0] and re.search(r"\d+ drafts? to review", cards[0])
    assert "never run" in cards[1]


def test_a_campaign_that_was_never_run_says_what_to_type(two: Browser, tmp_path: Path) -> None:
    reply = two.get("/c/winter")
    assert reply.status_code == 200
    assert re.search(r"miniatures run \S*winter/campaign.yaml", words(reply.text))
    assert not (tmp_path / "winter" / "runs").exists(), "looking makes no store"
    assert two.get("/c/winter/charts/outcomes.svg").status_code == 404


def test_the_only_campaign_is_shown_at_once(ada: Browser) -> None:
    reply = ada.get("/")
    assert (reply.status_code, reply.headers["location"]) == (303, PAGE)

"""The page of the arms tells the word first and what it rests on, and an owner says yes to exactly what is shown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from miniatures.app.web.desks import Desks
from miniatures.app.web.routes import web_app
from miniatures.app.web.site import Site
from miniatures.app.web.visitors import COOKIE, Rights, Sessions, Visitor
from miniatures.weights.registry import Registry
from tests.app.web.client import Browser
from tests.app.web.test_model_pages import add
from tests.delivery.ab_campaign import RULE, Did, write_ab_campaign

ALIKE = {"student": Did(400, replied=120, opened=150, edited=20), "teacher": Did(400, replied=120, opened=150)}
LOST = {"student": Did(300, replied=30), "teacher": Did(300, replied=120)}
FEW = {"student": Did(60, replied=10), "teacher": Did(60, replied=10, cost_usd=None)}
BOUNCING = {"student": Did(200, bounced=40, unsent=0), "teacher": Did(200)}


@dataclass
class World:
    """Two versions of `mine`, the first of them live."""

    folder: Path
    first: str
    second: str

    def adapters(self) -> dict[str, str]:
        arms = {"teacher": self.first, "student": self.second}
        return {arm: Registry().card("mine", version).adapter_sha256 for arm, version in arms.items()}


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setenv("MINIATURES_HOME", str(tmp_path / "home"))
    first, second = add(tmp_path, 1), add(tmp_path, 2)
    Registry().promote("mine", first)
    return World(tmp_path, first, second)


@contextmanager
def app(world: World, arms: dict[str, Did], rights: Rights = Rights.OWNER, **rule: Any) -> Iterator[Browser]:
    """Somebody at the app over a campaign of these arms."""
    sent_at = datetime.now(UTC) - timedelta(days=20)
    loaded = write_ab_campaign(
        world.folder / "autumn", arms, rule=RULE | rule, adapters=world.adapters(), sent_at=sent_at
    )
    site, visitor = Site(Desks([loaded.path]), Sessions()), Visitor("ada", rights)
    site.sessions.open(visitor)
    with TestClient(web_app(site), base_url="http://localhost", follow_redirects=False) as client:
        client.cookies.set(COOKIE, visitor.session)
        yield Browser(client, visitor)
        assert client.portal is not None
        client.portal.call(site.desks.close)


def plan_of(html: str) -> str:
    found = re.search(r'name="plan" value="([^"]*)"', html)
    assert found is not None
    return found[1]


@pytest.mark.parametrize(
    ("arms", "tone", "words"),
    [
        (ALIKE, "good", "student is no worse than teacher"),
        (LOST, "bad", "student is worse than teacher"),
        (FEW, "open", "Not yet known whether student is no worse than teacher"),
    ],
)
def test_the_word_stands_first(world: World, arms: dict[str, Did], tone: str, words: str) -> None:
    with app(world, arms) as ada:
        html = ada.get("/c/autumn/ab").text
        heading = re.search(rf'<section class="verdict {tone}"[^>]*>\s*<h2[^>]*>([^<]+)</h2>', html)
        assert heading is not None and heading[1].startswith(words)
        assert html.index(heading[0]) < html.index("The differences") < html.index("What it cost")
        assert 'class="margin"' in html and "surely between" in html
        assert '<a href="/c/autumn/ab">A/B test</a>' in ada.get("/c/autumn").text
        assert "<title>A/B test: what people did in each arm" in html


def test_clicks_that_nobody_can_tell_widen_the_bounds(world: World) -> None:
    arms = {"student": Did(100, clicked=12, perhaps_clicked=5), "teacher": Did(100)}
    with app(world, arms, metric="clicked") as ada:
        html = ada.get("/c/autumn/ab").text
    for name, count in (("Clicked, for certain", 12), ("Clicked, at most", 17)):
        assert re.search(rf"<b>{name}</b> <span[^>]*>of the delivered</span></td><td[^>]*>{count} ", html), name
    assert "Clicked, if every hit was a person&#39;s: student 17 of 100" in html
    assert "clicks decide" in html and "Who opened or clicked is only known within bounds" in html
    funnel = html[html.index("From the list to a reply") : html.index("Every figure")]
    assert "<th>Clicked, for certain</th>" in funnel


def test_what_is_not_known_is_not_shown_as_nothing(world: World) -> None:
    with app(world, FEW) as ada:
        html = ada.get("/c/autumn/ab").text
        assert html.count("unknown") == 4 and "none yet: at least" in html
        assert "more people of each arm" in html


def test_an_owner_says_yes_to_what_is_shown(world: World) -> None:
    with app(world, ALIKE) as ada:
        asked = ada.get("/c/autumn/ab/decide").text
        assert f"Promote mine@{world.second}: it goes live in place of {world.first}." in asked
        assert Registry().state("mine").live == world.first, "looking changes nothing"
        done = ada.post("/c/autumn/ab/decide", plan=plan_of(asked))
        assert (done.status_code, done.headers["location"]) == (303, "/c/autumn/ab?done=true")
        assert Registry().state("mine").live == world.second
        html = ada.get("/c/autumn/ab?done=true").text
        assert "Done." in html and "What was decided" in html and "student, promoted" in html
        assert "was decided already" in html
        model = ada.get(f"/models/mine/{world.second}").text
        assert "forced: “student is no worse than teacher" in model


def test_a_yes_to_something_else_does_nothing(world: World) -> None:
    with app(world, ALIKE) as ada:
        for plan in ("", "0123456789ab"):
            refused = ada.post("/c/autumn/ab/decide", plan=plan)
            assert refused.status_code == 409 and "nothing was done" in refused.text
        assert Registry().state("mine").live == world.first
        plan = plan_of(ada.get("/c/autumn/ab/decide").text)
        ada.post("/c/autumn/ab/decide", plan=plan)
        assert ada.post("/c/autumn/ab/decide", plan=plan).status_code == 409, "a yes counts once"


def test_an_arm_that_harms_the_sender_is_stopped(world: World) -> None:
    with app(world, BOUNCING) as ada:
        html = ada.get("/c/autumn/ab").text
        assert "Stop student: bounced 40 of 200" in html and "Stop the arm student" in html
        ada.post("/c/autumn/ab/decide", plan=plan_of(ada.get("/c/autumn/ab/decide").text))
        after = ada.get("/c/autumn/ab").text
        assert '<span class="status failed">stopped</span>' in after
        decided = after.index(": the arm student was stopped.")
        assert after.index("student is no worse than teacher") < decided < after.index("The differences")


def test_a_reviewer_looks_and_does_not_decide(world: World) -> None:
    with app(world, ALIKE, Rights.REVIEWER) as bo:
        html = bo.get("/c/autumn/ab").text
        assert "An owner may do that." in html and "ab/decide" not in html
        assert bo.get("/c/autumn/ab/decide").status_code == 403
        assert bo.post("/c/autumn/ab/decide", plan="").status_code == 403


def test_a_damaged_registry_hides_no_figure(world: World) -> None:
    with app(world, ALIKE) as ada:
        (Registry().root / "mine" / "state.json").write_text("{")
        html = ada.get("/c/autumn/ab").text
        assert "student is no worse than teacher" in html and "cannot be read" in html
        assert ada.get("/c/autumn/ab/decide").status_code == 409


def test_a_campaign_that_is_no_test_says_so(ada: Browser) -> None:
    answer = ada.get("/c/small/ab")
    assert answer.status_code == 200 and "This campaign compares no arms" in answer.text
    assert "arms: {" in answer.text and "test: {" in answer.text and "A/B test</a>" not in answer.text
    assert "Compare the arms" not in ada.get("/c/small").text

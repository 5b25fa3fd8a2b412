"""Charts are images and nothing more: no script, no outside address, the same bytes for the same numbers."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from xml.etree import ElementTree

import pytest

from miniatures.app.web.charts import _TONES, Chart, Kind, Series, chart_response, draw
from miniatures.app.web.dashboard_charts import charts_of, moment_words
from miniatures.datamodel.draft import DraftStatus
from miniatures.review.timeline import Stretch, Timeline
from miniatures.store.tallies import Step

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)
SERIES = (Series("ready", "ready", (3.0, 0.0)), Series("a <b> & c", "failed", (None, 1.0)))
SVG = "{http://www.w3.org/2000/svg}"


def chart(kind: Kind = Kind.BARS, series: tuple[Series, ...] = SERIES) -> Chart:
    return Chart("What & why", kind, ("12:00", "13:00"), series)


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("narrow", [False, True])
def test_an_image_holds_nothing_that_runs_or_fetches(kind: Kind, narrow: bool) -> None:
    image = draw(chart(kind), narrow=narrow).decode()
    root = ElementTree.fromstring(image)
    kinds = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert kinds <= {"svg", "title", "defs", "style", "g", "rect", "path", "circle", "text"}
    assert not re.search(r"script|href|url\(|@import|style=|\son\w+=|<!--", image)
    assert [root.findtext(f"{SVG}title"), root.get("width")] == ["What & why", "344" if narrow else "560"]
    shown = [text.text for text in root.iter(f"{SVG}text")]
    assert {"12:00", "ready", "a <b> & c"} <= set(shown)
    assert image.count("prefers-color-scheme: dark") == 1


def test_the_same_numbers_are_the_same_image_and_others_have_another_address() -> None:
    assert draw(chart()) == draw(chart())
    assert chart().fingerprint == chart().fingerprint
    assert chart().fingerprint != chart(series=SERIES[:1]).fingerprint


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("labels", [(), ("12:00",), tuple(f"{day} Nov" for day in range(62))])
def test_few_and_many_stretches_can_be_drawn(kind: Kind, labels: tuple[str, ...]) -> None:
    drawn = Chart("x", kind, labels, (Series("ready", "ready", tuple(50.0 for _ in labels)),))
    words = [text.text for text in ElementTree.fromstring(draw(drawn)).iter(f"{SVG}text")]
    assert len([word for word in words if word in labels]) == min(len(labels), len(set(words) & set(labels))) <= 8


def test_an_image_may_have_its_own_style_and_no_more() -> None:
    reply = chart_response(chart(), narrow=False)
    assert reply.media_type == "image/svg+xml"
    policy = reply.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "style-src 'unsafe-inline'" in policy and "script" not in policy


def test_every_outcome_has_a_tone_and_a_place() -> None:
    assert {status.value for status in DraftStatus} <= _TONES.keys()
    stretch = Stretch(NOON, dict.fromkeys(DraftStatus, 1))
    charts = charts_of(Timeline(Step.DAY, (stretch,)))
    assert {series.tone for series in charts["outcomes"].series} == {status.value for status in DraftStatus}


def test_shares_are_of_those_who_were_reached() -> None:
    stretches = (Stretch(NOON, {DraftStatus.READY: 1, DraftStatus.NEEDS_REVIEW: 1, DraftStatus.BLOCKED: 2}),)
    charts = charts_of(Timeline(Step.HOUR, (*stretches, Stretch(NOON, {}))))
    assert {series.name: series.values for series in charts["readiness"].series} == {
        "drafted": (50.0, None),
        "ready": (25.0, None),
    }
    assert {series.name for series in charts["outcomes"].series} == {"ready", "needs review", "blocked"}


def test_moments_are_as_short_as_they_can_be() -> None:
    assert [moment_words(NOON, step) for step in Step] == ["12:00", "29 Nov 12:00", "29 Nov", "Nov 2026"]

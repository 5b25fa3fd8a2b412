"""Differences stand on one scale, with what decides first and the margin where it belongs."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from miniatures.app.web.forest import forest_of
from miniatures.delivery.ab_report import AbReport, ab_report
from miniatures.store.open import open_store
from tests.delivery.ab_campaign import NOW, SENT, Did, write_ab_campaign


def reported(folder: Path, arms: dict[str, Did]) -> AbReport:
    loaded = write_ab_campaign(folder / "autumn", arms)
    with open_store(loaded.store_url) as store:
        return ab_report(loaded, store, NOW)


def test_what_decides_stands_first_and_the_scale_holds_it(tmp_path: Path) -> None:
    arms = {"student": Did(100, replied=20, opened=90), "teacher": Did(100, replied=40)}
    report = reported(tmp_path, arms)
    forest = forest_of(report, report.verdicts[0])
    assert forest is not None
    first, *others = forest.rows
    assert (first.name, first.decides, first.words) == ("Replied", True, "-20.0 points")
    assert [row.decides for row in others] == [False] * 7
    assert all(0 <= place <= 100 for row in forest.rows for place in (row.low, row.middle, row.high))
    assert first.low < first.middle < forest.margin < 50, "a loss of twenty points is left of a margin of ten"
    assert first.middle == pytest.approx(50 - 50 * 20 / forest.span, abs=0.01)
    assert forest.margin == pytest.approx(50 - 50 * 10 / forest.span, abs=0.01)


def test_there_is_nothing_to_lay_out_while_nobody_can_have_answered(tmp_path: Path) -> None:
    loaded = write_ab_campaign(tmp_path / "autumn", {"student": Did(20), "teacher": Did(20)})
    with open_store(loaded.store_url) as store:
        report = ab_report(loaded, store, SENT + timedelta(days=1))
    assert forest_of(report, report.verdicts[0]) is None

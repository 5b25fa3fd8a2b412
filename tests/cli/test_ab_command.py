"""`miniatures ab`: the terminal and programs are told the same, and nothing is done without a yes."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from miniatures.cli.ab import app
from miniatures.cli.models import app as models
from miniatures.datamodel.errors import InputError
from miniatures.weights.registry import Registry
from tests.app.web.test_model_pages import add
from tests.delivery.ab_campaign import RULE, Did, write_ab_campaign, write_files

STUDENT = Did(
    400, replied=120, positive=40, opened=200, clicked=60, perhaps_clicked=9, bounced=8, edited=30, undrafted=10
)
TEACHER = Did(410, replied=124, positive=30, opened=190, clicked=70, bounced=6, unsubscribed=2, complained=1)
ARMS = {"student": STUDENT, "teacher": TEACHER}


@pytest.fixture
def versions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    """Two versions of `mine`, the first of them live."""
    monkeypatch.setenv("MINIATURES_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MINIATURES_REVIEWER", "ada")
    first, second = add(tmp_path, 1), add(tmp_path, 2)
    Registry().promote("mine", first)
    return first, second


@pytest.fixture
def folder(tmp_path: Path, versions: tuple[str, str]) -> Path:
    adapters = {
        arm: Registry().card("mine", version).adapter_sha256
        for arm, version in zip(("teacher", "student"), versions, strict=True)
    }
    sent_at = datetime.now(UTC) - timedelta(days=20)
    return write_ab_campaign(tmp_path / "autumn", ARMS, adapters=adapters, sent_at=sent_at).folder


def shown(*words: str, columns: int = 150) -> str:
    result = CliRunner().invoke(app, words, env={"COLUMNS": str(columns)}, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def record(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(shown("report", str(folder), "--json"))
    return found


def test_the_report_has_every_figure_and_the_word(folder: Path) -> None:
    lines = [" ".join(line.split()) for line in shown("report", str(folder)).splitlines()]
    for told in (
        "student is no worse than teacher",
        "A word like this is wrong in at most 5.0 % of tests, however often one looks.",
        "replied delivered 120 (31.4 %, 27.0 to 36.2) 124 (30.7 %, 26.4 to 35.4)",
        "clicked, for certain delivered 60 (15.7 %, 12.4 to 19.7) 70 (17.3 %, 13.9 to 21.3)",
        "clicked, at most delivered 69 (18.1 %, 14.5 to 22.2) 70 (17.3 %, 13.9 to 21.3)",
        "edited by reviewers sendable 30 (7.7 %, 5.4 to 10.8) 0 (0.0 %, 0.0 to 0.9)",
        "bounced sent 8 (2.1 %, 1.0 to 4.0) 6 (1.5 %, 0.7 to 3.2)",
        "each positive reply $0.1000 (95 %: $0.0750 to $0.1346) $0.1367 (95 %: $0.0975 to $0.1933)",
    ):
        assert told in lines, told


def test_programs_read_the_counts_as_sent_and_as_drafted(folder: Path) -> None:
    found = record(folder)
    student = found["arms"]["student"]
    counts = (
        "enrolled",
        "drafted",
        "ready",
        "sent",
        "delivered",
        "bounced",
        "edited",
        "replied",
        "positive",
        "clicked",
        "clicked_high",
    )
    assert [student["so_far"][name] for name in counts] == [400, 390, 390, 390, 382, 8, 30, 120, 40, 60, 69]
    assert (student["as_sent"]["delivered"], student["as_drafted"]["delivered"]) == (382, 352)
    assert student["so_far"]["shares"]["replied"]["share"] == pytest.approx(120 / 382)
    assert student["so_far"]["shares"]["clicked, at most"]["count"] == 69
    assert student["costs"][2]["each"] == "positive reply" and student["costs"][2]["value"] == pytest.approx(0.1)
    [verdict] = found["verdicts"]
    assert (verdict["word"], verdict["headline"]) == ("no worse than", "student is no worse than teacher")
    [outcome] = verdict["outcomes"]
    assert outcome["difference"] == pytest.approx(120 / 382 - 124 / 404)
    assert outcome["low"] > -RULE["margin"]


def test_nothing_is_done_without_a_yes_and_everything_once_with_one(folder: Path, versions: tuple[str, str]) -> None:
    first, second = versions
    before = shown("decide", str(folder))
    assert f"Promote mine@{second}: it goes live in place of {first}." in before and "Nothing was changed" in before
    assert Registry().state("mine").live == first
    done = shown("decide", str(folder), "--yes")
    assert done.startswith(f"Done: Promote mine@{second}") and Registry().state("mine").live == second
    again = shown("decide", str(folder), "--yes")
    assert "by ada: Promote" in again and again.endswith("Nothing changes.\n")
    assert len(Registry().state("mine").history) == 2
    page = CliRunner().invoke(models, ["show", f"mine@{second}"], catch_exceptions=False).output
    assert f"promoted {second} (forced: student is no worse than teacher (campaign autumn" in page
    assert [one["decided_by"] for one in record(folder)["decisions"]] == ["ada"]


def test_a_changed_rule_is_refused_in_a_sentence(folder: Path) -> None:
    write_files(folder, ARMS, RULE | {"metric": "opened"})
    with pytest.raises(InputError, match="proves nothing"):
        shown("decide", str(folder), "--yes")


def test_in_a_narrow_terminal_one_arm_stands_below_the_other_and_no_figure_is_broken(folder: Path) -> None:
    lines = [" ".join(line.split()) for line in shown("report", str(folder), columns=80).splitlines()]
    for told in (
        "Of the student",
        "replied delivered 120 (31.4 %, 27.0 to 36.2)",
        "Of the teacher (reference)",
        "replied delivered 124 (30.7 %, 26.4 to 35.4)",
        "each positive reply $0.1367 (95 %: $0.0975 to $0.1933)",
    ):
        assert told in lines, told


def test_sentences_break_between_words_where_somebody_reads_them(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb")
    assert max(map(len, shown("report", str(folder), columns=80).split("Everybody so far")[0].splitlines())) <= 80


def test_what_was_decided_stands_with_its_verdict_and_nothing_more_is_asked(folder: Path) -> None:
    assert "What follows from it: " in shown("report", str(folder))
    shown("decide", str(folder), "--yes")
    after = shown("report", str(folder))
    assert "What follows from it" not in after
    assert after.index("student is no worse than teacher") < after.index("Decided on 20") < after.index("Everybody")

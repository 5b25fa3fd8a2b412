"""Two arms are compared on the command line without their names, and named in the results."""

from __future__ import annotations

import asyncio
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from miniatures.cli.main import main
from miniatures.datamodel.errors import ExitCode
from miniatures.inputs.campaign import load_campaign
from miniatures.inputs.scaffold import create_campaign
from miniatures.store.open import open_store
from tests.chaos.small_campaign import NAME, prospects, run_small_campaign
from tests.cli.test_review_command import write_list
from tests.finetune.reviewed_campaign import OtherBackend, run_with_shadow

COUNT = 3


@pytest.fixture
def ran(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COLUMNS", "120")
    folder = tmp_path / NAME
    create_campaign(folder)
    url = load_campaign(folder).store_url
    Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True)
    asyncio.run(run_with_shadow(url, COUNT))
    asyncio.run(run_small_campaign(url, COUNT, OtherBackend()))
    write_list(folder, prospects(COUNT))
    return folder


@pytest.fixture
def compare(ran: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """The command with these options, while these keys are typed; what was shown."""

    def run(*options: str, keys: str = "", code: int = ExitCode.OK) -> str:
        monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{key}\n" for key in keys)))
        left = main(["compare", str(ran), "--reviewer", "ada", *options])
        shown = capsys.readouterr()
        assert left == code, shown.err
        return shown.err if code else shown.out

    return run


def test_two_policies_are_compared_blindly_and_named_in_the_results(ran: Path, compare: Callable[..., str]) -> None:
    arms = [arm["name"] for arm in json.loads(compare("--arms", "--json"))]
    named = ("--first", arms[0], "--second", arms[1])
    shown = compare(*named, keys="1tq")
    assert f"2 compared; {COUNT - 2} still waiting" in shown
    assert "steady" not in shown
    assert len(json.loads(compare(*named, "--json"))) == COUNT - 2
    results = compare("--results")
    assert "steady:steady" in results and "other:other" in results and arms[0][:8] in results
    [row] = json.loads(compare("--results", "--json"))["by_policy"]
    assert (row["won"] + row["lost"], row["ties"], row["reviewer"]) == (1, 1, "ada")
    with open_store(load_campaign(ran).store_url) as store:
        assert len(list(store.reviews(NAME))) == 2


def test_without_arms_it_compares_answers_to_one_question(compare: Callable[..., str]) -> None:
    shown = compare("--limit", "1", keys="2")
    assert "1 compared" in shown
    assert "steady:steady" in compare("--results")


def test_before_anything_was_compared_there_is_nothing_to_tell(compare: Callable[..., str]) -> None:
    assert "Nobody has compared two answers yet" in compare("--results")
    assert "steady:steady" in compare("--arms")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--first", "a"), "needs two arms"),
        (("--first", "steady:steady", "--second", "nobody"), "is called nobody"),
    ],
)
def test_arms_that_are_none_are_refused(compare: Callable[..., str], options: tuple[str, ...], words: str) -> None:
    assert words in compare(*options, code=ExitCode.BAD_INPUT)


def test_what_nobody_is_asked_is_said(ran: Path, compare: Callable[..., str]) -> None:
    write_list(ran, [])
    assert "Nothing to compare" in compare()

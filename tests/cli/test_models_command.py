"""`miniatures models`: what a person sees and what a program reads, through the real registry."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from miniatures.cli.main import main
from miniatures.datamodel.capabilities import Variant
from miniatures.datamodel.errors import ExitCode
from miniatures.prompts.library import PromptLibrary
from miniatures.weights.registry import Registry
from tests.weights.miniatures_made import SCORES, card_of, compared, tiny_adapter


@pytest.fixture(autouse=True)
def home_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINIATURES_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "160")


def add(folder: Path, seed: int, **changes: object) -> str:
    served = {name: PromptLibrary().version(name, Variant.COMPACT) for name in ("writer", "researcher")}
    adapter = tiny_adapter(folder / str(seed), seed)
    card = card_of(adapter, **{"name": "mine", "prompt_versions": served, **changes})
    return Registry().register(card, adapter)


def listed(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    assert main(["models", "list", "--json"]) == ExitCode.OK
    rows = json.loads(capsys.readouterr().out)["miniatures"]
    return [row for row in rows if row["name"] == "mine"]


def test_candidate_promoted_replaced_and_rolled_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = add(tmp_path, 1, scores=SCORES)
    assert [(row["version"], row["stages"]) for row in listed(capsys)] == [(first, ["candidate"])]
    assert main(["models", "promote", "mine"]) == ExitCode.OK
    assert capsys.readouterr().out == f"mine@{first} is live\n"
    found = compared(first), compared(first, measure="researcher_right")
    second = add(tmp_path, 2, comparisons=found)
    assert main(["models", "promote", f"mine@{second[:8]}"]) == ExitCode.OK
    assert capsys.readouterr().out == f"mine@{second} is live, in place of {first}\n"
    assert main(["models", "rollback", "mine", "--reason", "people did not answer"]) == ExitCode.OK
    assert capsys.readouterr().out == f"mine@{first} is live, in place of {second}\n"
    assert [(row["version"], row["stages"]) for row in listed(capsys)] == [(first, ["live"]), (second, [])]
    assert main(["models", "list"]) == ExitCode.OK
    shown = capsys.readouterr().out
    assert "smollm2-135m-instruct" in shown
    assert f"mine@{first}" in shown and "97.0 % of 400" in shown
    assert main(["models", "show", "mine", "--json"]) == ExitCode.OK
    told = json.loads(capsys.readouterr().out)
    assert (told["version"], [entry["rolled_back"] for entry in told["history"]]) == (first, [False, False, True])
    assert main(["models", "show", f"mine@{second}"]) == ExitCode.OK
    shown = capsys.readouterr().out
    assert "Lineage" in shown and f"rolled back to {first} (people did not answer)" in shown
    assert "beside the one before not worse (margin 5.0%, alpha 0.05, 100 cases or more)" in shown
    gate = told["history"][1]["gate"]
    assert gate["settings"] == {"margin": 0.05, "alpha": 0.05, "least_cases": 100}
    assert [(one["measure"], one["outcome"]) for one in gate["measures"]] == [
        ("all_checks", "not worse"),
        ("researcher_right", "not worse"),
    ]


def test_a_refused_promotion_gives_its_reasons_and_a_kept_reason_overrules_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = add(tmp_path, 1, scores=SCORES)
    main(["models", "promote", "mine"])
    second = add(tmp_path, 2, prompt_versions={"writer": "w0", "retired": "r0"}, comparisons=(compared(first, -0.1),))
    assert main(["models", "promote", "mine"]) == ExitCode.GATE_FAILED
    told = " ".join(capsys.readouterr().err.split())
    assert "the writer prompt w0" in told and "the retired prompt r0, and served is none" in told
    assert "it is worse than the live version" in told and "--force" in told
    assert main(["models", "promote", "mine", "--force", " "]) != ExitCode.OK
    assert Registry().resolve("mine") == first
    capsys.readouterr()
    assert main(["models", "promote", "mine", "--force", "the old one is offensive"]) == ExitCode.OK
    assert Registry().resolve("mine") == second
    assert main(["models", "show", "mine"]) == ExitCode.OK
    assert "forced: the old one is offensive" in capsys.readouterr().out


def test_a_damaged_version_hides_no_other(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = add(tmp_path, 1), add(tmp_path, 2)
    (Registry().root / "mine" / first / "card.json").write_text("{")
    rows = {row["version"]: row for row in listed(capsys)}
    assert "cannot be read" in str(rows[first]["error"]) and rows[second]["error"] is None
    assert main(["models", "list"]) == ExitCode.OK
    assert "damaged" in capsys.readouterr().out
    assert main(["models", "show", f"mine@{first}"]) == ExitCode.BACKEND_UNAVAILABLE
    assert "card.json" in capsys.readouterr().err.replace("\n", "")


def test_words_of_a_card_and_of_a_reason_steer_no_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    odd = "\x1b]0;x\x07\u202e[/bold]"
    add(tmp_path, 1, base=odd, base_licence=odd, recipe={"roles": ["writer"], odd: odd}, comparisons=(compared(odd),))
    assert main(["models", "promote", "mine", "--force", odd]) == ExitCode.OK
    for command in (["list"], ["show", "mine"], ["show", "mine", "--json"]):
        assert main(["models", *command]) == ExitCode.OK
        shown = capsys.readouterr().out
        assert "bold" in shown or command == ["list"]
        assert not any(one in shown for one in "\x1b\x07\u202e"), command


def test_an_unknown_miniature_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("show", "promote", "rollback", "remove"):
        name = "nobody@candidate" if command == "remove" else "nobody"
        assert main(["models", command, name]) == ExitCode.BAD_INPUT
        assert "no miniature is named 'nobody'" in capsys.readouterr().err


def test_a_first_version_that_was_never_measured_needs_a_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = add(tmp_path, 1)
    assert main(["models", "promote", "mine"]) == ExitCode.GATE_FAILED
    assert "it was never measured" in capsys.readouterr().err
    assert main(["models", "promote", "mine", "--force", "a first try"]) == ExitCode.OK
    assert Registry().resolve("mine") == first


def test_few_cases_leave_it_open_and_a_wider_margin_may_be_stated(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = add(tmp_path, 1, scores=SCORES, prompt_versions=_writer())
    main(["models", "promote", "mine"])
    few = compared(first, 0.0, cases=60, gained=1, lost=1, p_value=1.0)
    second = add(tmp_path, 2, comparisons=(few,), prompt_versions=_writer())
    capsys.readouterr()
    assert main(["models", "promote", "mine"]) == ExitCode.GATE_FAILED
    told = capsys.readouterr().err
    assert "is not yet known: all_checks +0.0 points on 60 cases; about" in told
    assert main(["models", "promote", "mine", "--margin", "0.7"]) == ExitCode.BAD_INPUT
    assert main(["models", "promote", "mine", "--margin", "0.15", "--least-cases", "50"]) == ExitCode.OK
    assert Registry().resolve("mine") == second


def _writer() -> dict[str, str]:
    return {"writer": PromptLibrary().version("writer", Variant.COMPACT)}


def test_show_without_a_live_version_shows_the_candidate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    add(tmp_path, 1)
    second = add(tmp_path, 2)
    assert main(["models", "show", "mine"]) == ExitCode.OK
    assert f"# mine {second}" in capsys.readouterr().out
    assert main(["models", "show", "mine@candidate", "--json"]) == ExitCode.OK
    assert json.loads(capsys.readouterr().out)["version"] == second


def test_a_version_is_removed_whole_after_a_yes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = add(tmp_path, 1, scores=SCORES), add(tmp_path, 2)
    main(["models", "promote", f"mine@{first}"])
    capsys.readouterr()
    assert main(["models", "remove", "mine"]) == ExitCode.BAD_INPUT
    assert "names no version" in capsys.readouterr().err
    assert main(["models", "remove", f"mine@{second}"]) == ExitCode.BAD_INPUT, "nobody is there to say yes"
    assert main(["models", "remove", f"mine@{second}", "--yes"]) == ExitCode.OK
    assert capsys.readouterr().out == f"mine@{second} is removed\n"
    assert [row["version"] for row in listed(capsys)] == [first]
    assert Registry().state("mine").candidate is None
    assert main(["models", "remove", f"mine@{first}", "--yes"]) == ExitCode.BAD_INPUT
    assert "is live" in capsys.readouterr().err
    assert main(["models", "remove", "mine@live", "--yes", "--force"]) == ExitCode.OK
    capsys.readouterr()
    assert listed(capsys) == []
    assert [entry.name for entry in (Registry().root / "mine").iterdir() if entry.is_dir()] == []


def test_what_ships_with_the_package_is_not_removed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "remove", "outreach@live", "--yes", "--force"]) == ExitCode.BAD_INPUT
    assert "ships with the package" in capsys.readouterr().err


def test_chats_are_promoted_by_a_persons_word(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    version = add(tmp_path, 1, prompt_versions={}, recipe={"roles": ["chat"]})
    assert main(["models", "promote", "mine"]) == ExitCode.GATE_FAILED
    told = " ".join(capsys.readouterr().err.split())
    assert "nothing here measures chats" in told and "Read its answers, and promote it" in told
    assert "Mend that" not in told
    assert main(["models", "promote", "mine", "--force", "read thirty answers"]) == ExitCode.OK
    assert capsys.readouterr().out == f"mine@{version} is live\n"


def test_where_nothing_is_live_or_to_promote_it_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    version = add(tmp_path, 1, scores=SCORES)
    assert main(["models", "rollback", "mine"]) == ExitCode.BAD_INPUT
    told = " ".join(capsys.readouterr().err.split())
    assert "no version of mine is live, and none was before" in told and "None" not in told
    assert main(["models", "promote", "mine"]) == ExitCode.OK
    capsys.readouterr()
    assert main(["models", "promote", "mine"]) == ExitCode.BAD_INPUT
    told = " ".join(capsys.readouterr().err.split())
    assert f"mine has no candidate version: {version} is live already" in told


DAMAGED_CARDS = {
    "deep": '{"a":' * 100_000,
    "before all times": {"created_at": "0001-01-01T00:00:00"},
    "a number for roles": {"recipe": {"roles": 5}},
    "lists for roles": {"recipe": {"roles": [[1]]}},
}


@pytest.mark.parametrize("name", DAMAGED_CARDS)
def test_a_hostile_card_is_read_or_told(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    version, other = add(tmp_path, 1), add(tmp_path, 2)
    path, change = Registry().root / "mine" / version / "card.json", DAMAGED_CARDS[name]
    path.write_text(change if isinstance(change, str) else json.dumps({**json.loads(path.read_text()), **change}))
    assert {row["version"] for row in listed(capsys)} >= {version, other}
    for command in (["show", f"mine@{version}"], ["promote", f"mine@{version}"], ["show", "mine"]):
        assert main(["models", *command]) != ExitCode.UNEXPECTED


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_a_state_that_is_no_file_is_told_and_not_waited_for(
    make: Callable[[Path], None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    add(tmp_path, 1)
    state = Registry().root / "mine" / "state.json"
    state.unlink()
    make(state)
    assert "not a file" in str(next(row for row in listed(capsys) if row["name"] == "mine")["error"])
    assert main(["models", "rollback", "mine"]) == ExitCode.BACKEND_UNAVAILABLE


def test_a_history_that_only_went_back_has_nothing_before_it(tmp_path: Path) -> None:
    version = add(tmp_path, 1)
    history = [{"version": version, "rolled_back": True}] * 2
    (Registry().root / "mine" / "state.json").write_text(json.dumps({"live": version, "history": history}))
    assert main(["models", "rollback", "mine"]) == ExitCode.BAD_INPUT


@pytest.mark.parametrize("command", ["show", "promote", "rollback"])
def test_a_name_longer_than_a_file_may_have_is_no_name(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", command, "a" * 300]) == ExitCode.BAD_INPUT
    assert "is no name of a miniature" in capsys.readouterr().err

"""`miniatures models`: what a person sees and what a program reads, through the real registry."""

from __future__ import annotations

import json
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
    second = add(tmp_path, 2, comparisons=(compared(first),))
    assert main(["models", "promote", f"mine@{second[:8]}"]) == ExitCode.OK
    assert capsys.readouterr().out == f"mine@{second} is live, in place of {first}\n"
    assert main(["models", "rollback", "mine"]) == ExitCode.OK
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
    assert "Lineage" in shown and "rolled back to" in shown


def test_a_refused_promotion_gives_its_reasons_and_a_kept_reason_overrules_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = add(tmp_path, 1)
    main(["models", "promote", "mine"])
    second = add(tmp_path, 2, prompt_versions={"writer": "w0", "retired": "r0"}, comparisons=(compared(first, -0.1),))
    assert main(["models", "promote", "mine"]) == ExitCode.BAD_INPUT
    told = " ".join(capsys.readouterr().err.split())
    assert "the writer prompt w0" in told and "the retired prompt r0, and served is none" in told
    assert "significantly worse" in told and "--force" in told
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


def test_an_unknown_miniature_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("show", "promote", "rollback"):
        assert main(["models", command, "nobody"]) == ExitCode.BAD_INPUT
        assert "no miniature is named 'nobody'" in capsys.readouterr().err

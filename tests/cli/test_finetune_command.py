"""`miniatures finetune` as a person gives it: quiet estimates, a base that is found again, reports, plain PEFT."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from miniatures.cli.main import main
from miniatures.datamodel.errors import ExitCode
from miniatures.weights.base_weights import base_weights
from miniatures.weights.registry import Registry
from tests.finetune.tiny_runs import BASE, Workshop, make_workshop, one_thread, read_json

pytestmark = pytest.mark.slow
SHORT = {"max_steps": 2, "evaluate_every": 2}


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    with one_thread():
        yield make_workshop(tmp_path_factory.mktemp("finetune"), emails=6)


@pytest.fixture(scope="module")
def trained(workshop: Workshop) -> Iterator[Path]:
    """A run reported to TensorBoard, its miniature registered in a home of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MINIATURES_HOME", str(workshop.folder / "home"))
        patch.setenv("TENSORBOARD_LOGGING_DIR", str(workshop.folder / "board"))
        recipe = workshop.recipe("reported", report_to=["tensorboard"], **SHORT)
        assert main(["finetune", str(recipe), "--json"]) == ExitCode.OK
        yield workshop.folder


def test_an_estimate_says_nothing_but_itself(workshop: Workshop) -> None:
    recipe = workshop.recipe("quiet", **SHORT)
    command = [sys.executable, "-m", "miniatures", "finetune", str(recipe), "--estimate"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True, env=os.environ)
    assert ended.stderr == ""
    words = [line.split("  ")[0].strip() for line in ended.stdout.splitlines() if line and "─" not in line]
    assert words == [
        "before training",
        "examples",
        "tokens read",
        "steps",
        "trained weights",
        "memory, estimated",
        "time, estimated",
    ]


def test_a_base_in_a_folder_is_found_again_from_anywhere(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    card = Registry().card("reported", "candidate")
    base = str((trained / BASE).resolve())
    assert (card.base, card.recipe["base"]) == (base, base)
    assert base_weights(card) == Path(base)
    assert f"`{base}`" in (Registry().root / "reported" / card.version / "CARD.md").read_text(encoding="utf-8")


def test_plain_peft_loads_the_adapter_as_its_card_says(trained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    registry = Registry()
    card = registry.card("reported", "candidate")
    folder = registry.root / "reported" / card.version
    named = read_json(folder / "adapter" / "adapter_config.json")["base_model_name_or_path"]
    assert named == str((trained / BASE).resolve())
    code = (folder / "CARD.md").read_text(encoding="utf-8").partition("```python\n")[2].partition("```")[0]
    monkeypatch.chdir(folder)
    made: dict[str, object] = {}
    exec(code, made)
    factors = dict(made["model"].named_parameters())  # type: ignore[attr-defined]
    assert any("lora_B" in name and parameter.any() for name, parameter in factors.items())

    from peft import AutoPeftModelForCausalLM

    alone = AutoPeftModelForCausalLM.from_pretrained("adapter")
    assert alone.peft_config["default"].r == 8


def test_the_run_is_reported_to_tensorboard(trained: Path) -> None:
    (events,) = (trained / "board").rglob("events.out.tfevents.*")
    assert b"train/loss" in events.read_bytes()
    assert "report_to" not in Registry().card("reported", "candidate").recipe


def test_a_tracker_that_is_not_installed_is_named_at_once(
    workshop: Workshop, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("miniatures.finetune.train.trackers.find_spec", lambda name: None)
    recipe = workshop.recipe("tracked", report_to=["wandb"])
    assert main(["finetune", str(recipe), "--estimate"]) == ExitCode.BAD_INPUT
    told = capsys.readouterr().err
    assert "reports to wandb, and the package wandb is not installed" in told and "pip install wandb" in told
    recipe = workshop.recipe("unknown", report_to=["a-diary"])
    assert main(["finetune", str(recipe), "--estimate"]) == ExitCode.BAD_INPUT
    assert "report_to" in capsys.readouterr().err


def test_ones_own_chats_are_trained_on_without_a_dataset(
    workshop: Workshop, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MINIATURES_HOME", str(workshop.folder / "home of chats"))
    lines = [{"prompt": f"What is {n} and one?", "completion": f"It is {n + 1}."} for n in range(12)]
    (workshop.folder / "chats.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    recipe = yaml.safe_load(workshop.recipe("chatty", dataset="chats.jsonl", **SHORT).read_text(encoding="utf-8"))
    del recipe["roles"]
    (workshop.folder / "chatty.yaml").write_text(yaml.safe_dump(recipe), encoding="utf-8")
    assert main(["finetune", str(workshop.folder / "chatty.yaml")]) == ExitCode.OK, capsys.readouterr().err
    told = capsys.readouterr().out
    assert "miniatures serve miniature:chatty@candidate" in told and "promote chatty --force REASON" in told
    assert "evaluate" not in told
    card = Registry().card("chatty", "candidate")
    assert card.recipe["roles"] == ["chat"] and card.training["sources"] == ["chats:chats.jsonl"]
    assert card.training["learned_tokens"] > 0
    (workshop.folder / "chats.jsonl").write_text('{"prompt": "x"}', encoding="utf-8")
    capsys.readouterr()
    assert main(["finetune", str(workshop.folder / "chatty.yaml"), "--estimate"]) == ExitCode.BAD_INPUT
    assert "chats.jsonl, line 1: it has neither" in capsys.readouterr().err


def test_a_dataset_of_chats_alone_is_trained_on_unless_roles_are_named(
    workshop: Workshop, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(workshop.folder)
    lines = [{"prompt": f"What is {n} and two?", "completion": f"It is {n + 2}."} for n in range(12)]
    (workshop.folder / "sums.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    assert main(["dataset", "build", "--from", "sums.jsonl", "--out", "sums"]) == ExitCode.OK
    recipe = yaml.safe_load(workshop.recipe("sums", dataset="sums", **SHORT).read_text(encoding="utf-8"))
    capsys.readouterr()
    assert main(["finetune", "sums.yaml", "--estimate"]) == ExitCode.BAD_INPUT
    told = capsys.readouterr().err
    assert "no example to train writer on" in told and "write roles: [chat] in the recipe" in told
    del recipe["roles"]
    (workshop.folder / "sums.yaml").write_text(yaml.safe_dump(recipe), encoding="utf-8")
    assert main(["finetune", "sums.yaml", "--estimate"]) == ExitCode.OK, capsys.readouterr().err


def test_a_card_names_the_roles_that_there_were_examples_of(
    workshop: Workshop, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MINIATURES_HOME", str(workshop.folder / "home of roles"))
    recipe = workshop.recipe("wide", roles=["writer", "chat"], **SHORT)
    assert main(["finetune", str(recipe), "--json"]) == ExitCode.OK, capsys.readouterr().err
    assert Registry().card("wide", "candidate").roles == ("writer",)


def test_a_base_that_is_a_path_is_not_looked_for_on_the_hub(
    workshop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = workshop.recipe("typo", base="./tinny")
    assert main(["finetune", str(recipe), "--estimate"]) == ExitCode.BAD_INPUT
    told = " ".join(capsys.readouterr().err.split())
    assert "there is no folder or file" in told and "tinny" in told and "hub" not in told

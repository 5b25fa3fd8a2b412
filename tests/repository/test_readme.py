"""The README is run: its Python, its YAML and its commands, so that it cannot go stale."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def commands() -> list[str]:
    lines = [line for block in blocks("console") for line in block.splitlines()]
    return [line[2:].partition("#")[0].strip() for line in lines if line.startswith("$ ")]


def run(command: list[str], folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=False)


@pytest.mark.slow
def test_the_python_example_runs_as_it_stands(embedded_weights: Path) -> None:
    (example,) = blocks("python")
    assert len([line for line in example.splitlines() if line.strip()]) <= 15
    finished = run([sys.executable, "-c", example])
    assert finished.returncode == 0, finished.stderr
    assert finished.stdout.startswith("found ")


def test_the_make_targets_exist() -> None:
    targets = [command.split()[1] for command in commands() if command.startswith("make ")]
    assert targets == ["demo", "test"]
    for target in targets:
        assert run(["make", "--dry-run", target]).returncode == 0


@pytest.mark.slow
def test_the_commands_of_a_campaign_run_in_order(tmp_path: Path, embedded_weights: Path) -> None:
    """On the scaffold as it is written, but for the search, which must not leave this machine."""
    listed = [command for command in commands() if command.startswith("miniatures ")]
    assert [command.split()[1] for command in listed] == ["init", "run", "run", "drafts"]
    for command in listed:
        finished = run([sys.executable, "-m", "miniatures", *shlex.split(command)[1:]], tmp_path)
        assert finished.returncode in (0, 3), f"{command}\n{finished.stdout}\n{finished.stderr}"
        if command.startswith("miniatures init"):
            _search_here(tmp_path / "autumn" / "campaign.yaml")


def _search_here(campaign: Path) -> None:
    text = campaign.read_text(encoding="utf-8")
    shutil.copytree(ROOT / "examples" / "cold_storage" / "sites", campaign.parent / "sites")
    changed = re.sub(r"^search:.*$", "search: local:sites", text, flags=re.MULTILINE)
    assert changed != text
    campaign.write_text(changed, encoding="utf-8")


def test_the_campaign_snippet_is_valid(tmp_path: Path) -> None:
    from miniatures.datamodel.campaign import Campaign
    from miniatures.datamodel.seat import Seat

    (snippet,) = blocks("yaml")
    campaign = Campaign.model_validate(
        {"name": "x", "brief": "brief.md", "prospects": "prospects.csv", **yaml.safe_load(snippet)}
    )
    assert campaign.roles.researcher is not None
    assert campaign.roles.researcher.named == {Seat.FIRST: "teacher"}
    assert campaign.roles.writer.named == {Seat.FIRST: "student", Seat.FALLBACK: "teacher"}


def test_every_link_leads_somewhere() -> None:
    targets = re.findall(r"\]\(([^)#]+)\)", README)
    missing = [target for target in targets if "://" not in target and not (ROOT / target).exists()]
    assert not missing


def test_every_backend_kind_is_in_the_table() -> None:
    from miniatures.backends.spec import kinds

    for kind in kinds():
        assert f"| `{kind}:" in README

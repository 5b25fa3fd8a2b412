"""The code in the documentation runs: the Python of a page as one script, its console commands in order."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
EXAMPLE = ROOT / "examples" / "cold_storage"


def blocks(page: Path, language: str) -> list[str]:
    text = page.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


@pytest.mark.slow
@pytest.mark.parametrize("page", ["developers"])
def test_the_python_of_a_page_is_one_script_that_runs(page: str, embedded_weights: Path) -> None:
    script = "\n".join(blocks(DOCS / f"{page}.md", "python"))
    finished = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=1200, check=False
    )
    assert finished.returncode == 0, finished.stderr
    assert "{'first'} asked a model" in finished.stdout


@pytest.mark.slow
def test_the_commands_of_the_guide_run_in_order(tmp_path: Path, embedded_weights: Path) -> None:
    """On the guide's own list, with the example's brief and pages, as the guide says of its outputs."""
    page = DOCS / "guide.md"
    commands = [line[2:] for block in blocks(page, "console") for line in block.splitlines() if line.startswith("$ ")]
    for command in commands:
        finished = subprocess.run(
            [sys.executable, "-m", *shlex.split(command)],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert finished.returncode == 0, f"{command}\n{finished.stdout}\n{finished.stderr}"
        if command == "miniatures init autumn":
            [prospects] = [block for block in blocks(page, "text") if block.startswith("Record ID")]
            _fill_in(tmp_path / "autumn", prospects)
    assert "solveig.asen@nordvik-frost.example" in (tmp_path / "emails.csv").read_text(encoding="utf-8")


def _fill_in(campaign: Path, prospects: str) -> None:
    shutil.copy(EXAMPLE / "brief.md", campaign)
    shutil.copytree(EXAMPLE / "sites", campaign / "pages")
    (campaign / "prospects.csv").write_text(prospects, encoding="utf-8")
    settings = campaign / "campaign.yaml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace("\nsearch: ddgs\n", "\nsearch: local:pages\n"), encoding="utf-8")


def test_the_campaign_lines_of_the_guide_are_valid() -> None:
    from miniatures.datamodel.campaign import Campaign

    given = {"name": "x", "brief": "brief.md", "prospects": "prospects.csv", "search": "ddgs"}
    for snippet in blocks(DOCS / "guide.md", "yaml"):
        given |= yaml.safe_load(snippet)
    campaign = Campaign.model_validate(given)
    assert campaign.roles.researcher is not None
    assert campaign.send is not None
    assert (*campaign.arms,) == ("placed", "teacher")


@pytest.mark.parametrize("page", sorted(DOCS.glob("*.md")), ids=lambda page: page.stem)
def test_json_of_a_page_is_json(page: Path) -> None:
    for block in blocks(page, "json"):
        assert json.loads(block)


def test_the_contexts_for_the_server_are_ones() -> None:
    from miniatures.agents.served import ServedContext

    given = [ServedContext.model_validate_json(block) for block in blocks(DOCS / "developers.md", "json")]
    assert [context.campaign is None for context in given] == [False, True]

"""The code in the documentation runs: the Python of a page as one script, its console commands in order."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"


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


@pytest.mark.parametrize("page", sorted(DOCS.glob("*.md")), ids=lambda page: page.stem)
def test_json_of_a_page_is_json(page: Path) -> None:
    for block in blocks(page, "json"):
        assert json.loads(block)


def test_the_contexts_for_the_server_are_ones() -> None:
    from miniatures.agents.served import ServedContext

    given = [ServedContext.model_validate_json(block) for block in blocks(DOCS / "developers.md", "json")]
    assert [context.campaign is None for context in given] == [False, True]

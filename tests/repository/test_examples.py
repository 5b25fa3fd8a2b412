"""The examples run as their docstrings say, on the light install and from any folder."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
COMPOSED = ROOT / "examples" / "compose_a_graph.py"
LIGHT = """
import runpy, sys
sys.modules.update(dict.fromkeys(["torch", "transformers", "peft", "matplotlib", "xgrammar", "xllamacpp"]))
runpy.run_path(sys.argv[1], run_name="__main__")
"""
"""Runs a file where the packages of the extras cannot be imported."""


@pytest.mark.slow
def test_the_composed_graph_runs_on_the_light_install(tmp_path: Path, embedded_weights: Path) -> None:
    command = [sys.executable, "-c", LIGHT, str(COMPOSED)]
    finished = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)
    assert finished.returncode == 0, finished.stderr
    email, _, sources = finished.stdout.partition("From:")
    assert "Solveig," in email
    assert {"we", "our", "us"} & set(sources.lower().split())


def test_its_docstring_says_how_to_run_it() -> None:
    text = COMPOSED.read_text(encoding="utf-8")
    assert ".venv/bin/python examples/compose_a_graph.py" in text
    assert "miniature:outreach@live" in text


CAMPAIGNS = [ROOT / "examples" / "cold_storage" / "campaign.yaml", *sorted((ROOT / "examples/flywheel").glob("*.yaml"))]


@pytest.mark.parametrize("file", CAMPAIGNS, ids=lambda file: file.stem)
def test_every_campaign_of_the_examples_loads(file: Path) -> None:
    from miniatures.inputs.campaign import load_campaign

    assert load_campaign(file, trusted=True).campaign.backends

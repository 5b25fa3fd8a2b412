"""`miniatures backends` and `run` when a backend cannot be used: who, why, and the exit code for it."""

import json
import socket
from pathlib import Path

import pytest

from miniatures.cli.main import main
from miniatures.datamodel.errors import ExitCode

pytestmark = pytest.mark.slow


@pytest.fixture
def nobody_listens(folder: Path) -> Path:
    """The campaign with a second backend at a port of loopback where nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    file = folder / "campaign.yaml"
    text = file.read_text(encoding="utf-8")
    text = text.replace("use: miniature:reader@live\n", f"use: openai-compatible:http://127.0.0.1:{port}/v1#m\n", 1)
    file.write_text(text.replace("search: ddgs", "search: local:./prompts"), encoding="utf-8")
    assert str(port) in text
    return folder


def test_a_backend_that_does_not_answer_is_named_with_the_reason(nobody_listens, capsys):
    assert main(["backends", str(nobody_listens), "--json"]) == ExitCode.BACKEND_UNAVAILABLE
    [report] = json.loads(capsys.readouterr().out)
    assert (report["name"], report["answers"], report["error"]) == ("reader", False, "ConnectionRefused")
    assert report["roles"] == ["researcher"]
    assert report["hint"]


def test_the_same_for_people(nobody_listens, capsys):
    assert main(["backends", str(nobody_listens)]) == ExitCode.BACKEND_UNAVAILABLE
    shown = capsys.readouterr().out
    assert "reader does not answer" in shown
    assert "Traceback" not in shown


def test_the_backends_of_every_arm_are_asked_and_told_with_their_arms(nobody_listens, capsys):
    file = nobody_listens / "campaign.yaml"
    text = file.read_text(encoding="utf-8").replace("backends:\n", "backends:\n  spare: locla:x\n  large: locla:y\n", 1)
    file.write_text(f"{text}\narms: {{small: {{writer: reader}}, large: {{writer: large}}}}\n", encoding="utf-8")
    assert main(["backends", str(nobody_listens), "--json"]) == ExitCode.BACKEND_UNAVAILABLE
    reports = {report["name"]: report for report in json.loads(capsys.readouterr().out)}
    assert {name: report["roles"] for name, report in reports.items()} == {
        "spare": [],
        "large": ["writer of large"],
        "reader": ["researcher", "writer of small"],
    }
    assert not any(report["answers"] for report in reports.values())


def test_an_unknown_kind_of_backend_is_wrong_input(folder, capsys):
    file = folder / "campaign.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("use: miniature:", "use: locla:", 1), encoding="utf-8")
    assert main(["run", str(folder)]) == ExitCode.BAD_INPUT
    error = capsys.readouterr().err
    assert "locla" in error
    assert "Hint:" in error

"""What is shown steers no terminal, and every command that is shown can be pasted."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from miniatures.cli import main as command_line
from miniatures.cli.terminal import command, cut, plain, print_json, print_json_lines
from miniatures.datamodel.errors import ExitCode

HOSTILE = "Acme\x1b]0;owned\x07 \u202etxt.exe\u202c \x9b2J [red]"


def test_brackets_stay_and_what_steers_does_not():
    assert plain(HOSTILE) == "Acme\ufffd]0;owned\ufffd \ufffdtxt.exe\ufffd \ufffd2J \\[red]"


def test_json_means_the_same_and_steers_nothing(capsys):
    print_json({"company": HOSTILE, "city": "Ålesund 東京"})
    print_json_lines([HOSTILE])
    shown = capsys.readouterr().out
    assert "Ålesund 東京" in shown
    document, line = shown.rsplit("}", 1)[0] + "}", shown.splitlines()[-1]
    assert json.loads(document)["company"] == json.loads(line) == HOSTILE
    assert not any(character in shown for character in "\x1b\x07\x9b\u202e\u202c")


def test_an_error_steers_nothing(capsys, tmp_path):
    file = tmp_path / "campaign.yaml"
    file.write_text(f"name: {json.dumps(HOSTILE)}\nbrief: nowhere.md\nprospects: x\n")
    assert command_line.main(["status", str(tmp_path / "\x1b[2J.yaml")]) == ExitCode.BAD_INPUT
    assert command_line.main(["status", str(file)]) == ExitCode.BAD_INPUT
    assert not any(character in capsys.readouterr().err for character in "\x1b\x07\x9b\u202e")


def test_a_text_is_cut_by_columns_not_by_letters():
    assert cut("東京タワー株式会社", 9) == "東京タワ…"
    assert cut("one\n line", 20) == "one line"


@pytest.mark.parametrize(
    ("started", "path", "shown"),
    [
        ("bin/miniatures", "", "bin/miniatures"),
        ("my tools/miniatures", "", "'my tools/miniatures'"),
        ("bin/miniatures", "bin", "miniatures"),
        ("bin/other-name", "", "miniatures"),
    ],
)
def test_a_command_to_paste_starts_the_program_that_was_started(tmp_path, monkeypatch, started, path, shown):
    file = tmp_path / started
    file.parent.mkdir()
    file.write_text("#!/bin/sh\n")
    file.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [str(file)])
    monkeypatch.setenv("PATH", str(tmp_path / path) if path else "")
    assert command("drafts", "a folder") == f"{shown} drafts 'a folder'"


def test_started_as_a_module_it_is_named_as_a_module(tmp_path, folder):
    environment = {**os.environ, "PYTHONPATH": str(Path(command_line.__file__).parents[2])}
    ran = subprocess.run(
        [sys.executable, "-m", "miniatures", "drafts", folder],
        check=True,
        capture_output=True,
        text=True,
        env=environment,
        cwd=tmp_path,
    )
    [line] = [line for line in ran.stdout.splitlines() if line.startswith("One in full: ")]
    assert line.removeprefix("One in full: ").startswith(f"{sys.executable} -m miniatures drafts")

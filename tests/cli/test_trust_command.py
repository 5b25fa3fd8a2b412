"""A campaign that reaches beyond its folder is asked about once, at the terminal, and refused without one."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from miniatures.cli.main import main
from miniatures.datamodel.errors import ExitCode
from miniatures.inputs.scaffold import create_campaign


@pytest.fixture
def campaign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A campaign whose list lies beside its folder."""
    monkeypatch.setenv("MINIATURES_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "200")
    folder = tmp_path / "autumn"
    create_campaign(folder)
    (folder / "prospects.csv").rename(tmp_path / "list.csv")
    file = folder / "campaign.yaml"
    file.write_text(file.read_text().replace("prospects: prospects.csv", "prospects: ../list.csv"))
    return folder


@pytest.mark.parametrize(
    "command",
    [
        ("run",),
        ("run", "--estimate"),
        ("status",),
        ("drafts",),
        ("report",),
        ("review", "--list"),
        ("export",),
        ("backends",),
        ("traces",),
    ],
)
def test_every_command_refuses_without_a_terminal(
    command: tuple[str, ...], campaign: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name, *options = command
    assert main([name, str(campaign), *options]) == ExitCode.BAD_INPUT
    said = capsys.readouterr().err
    assert f"it reads {tmp_path}/list.csv" in said
    assert f"miniatures trust {campaign}/campaign.yaml" in said
    assert not (campaign / "runs").exists()


def test_a_dataset_is_not_built_of_it(campaign: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["dataset", "build", "--from", str(campaign), "--out", str(tmp_path / "made")])
    assert (code, "is not trusted" in capsys.readouterr().err) == (ExitCode.BAD_INPUT, True)


def test_trusting_it_lets_it_in(campaign: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trust", str(campaign), "--yes"]) == 0
    assert main(["status", str(campaign)]) == 0
    assert "3 prospects" in capsys.readouterr().out


def test_a_run_may_be_trusted_this_once(campaign: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = campaign / "campaign.yaml"
    file.write_text(file.read_text().replace("miniature:outreach@live", "openai-compatible:http://127.0.0.1:9/v1#m"))
    assert main(["run", str(campaign), "--estimate", "--trust"]) == 0
    assert "an estimate for 3 prospects" in capsys.readouterr().out
    assert main(["run", str(campaign), "--estimate"]) == ExitCode.BAD_INPUT


def test_a_campaign_of_its_own_folder_needs_no_trust(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    create_campaign(tmp_path / "own")
    assert main(["trust", str(tmp_path / "own")]) == 0
    assert "keeps to its own folder" in capsys.readouterr().out


@pytest.mark.parametrize(("answer", "code"), [("y", 0), ("n", 2), ("", 2)])
def test_a_person_is_asked_once(answer: str, code: int, campaign: Path, tmp_path: Path) -> None:
    shown, ended = at_a_terminal(["status", str(campaign)], answer)
    assert (ended, f"- reads {tmp_path}/list.csv" in shown) == (code, True)
    again, ended = at_a_terminal(["status", str(campaign)], "n")
    assert (ended, "Do you trust" in again) == (code, code != 0)


def at_a_terminal(arguments: list[str], answer: str) -> tuple[str, int]:
    """What a person at a terminal sees who types the answer."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "miniatures", *arguments]
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        os.write(ours, f"{answer}\n".encode())
        shown = b""
        while piece := _read(ours):
            shown += piece
        process.wait(timeout=60)
    os.close(ours)
    return shown.decode(), process.returncode


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # how Linux says that the other side is closed
        return b""


def test_the_name_of_a_folder_does_not_steer_the_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MINIATURES_HOME", str(tmp_path / "home"))
    folder = tmp_path / "au\x1b[2Jtumn\u202e"
    create_campaign(tmp_path / "autumn")
    (tmp_path / "autumn").rename(folder)
    assert main(["trust", str(folder)]) == ExitCode.OK
    file = folder / "campaign.yaml"
    file.write_text(file.read_text().replace("prospects: prospects.csv", "prospects: ../list.csv"))
    assert main(["trust", str(folder), "--yes"]) == ExitCode.OK
    shown = capsys.readouterr().out
    assert "is trusted with this" in shown and "\x1b" not in shown and "\u202e" not in shown

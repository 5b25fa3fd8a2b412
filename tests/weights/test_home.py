"""The user's own folders: where nothing can be written, what was not asked for is not needed, and the rest is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from miniatures.cli.main import main
from miniatures.datamodel.errors import ExitCode, InputError
from miniatures.weights.home import exclusive, file_sha256, weights_home

ONE = "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b"


@pytest.mark.parametrize("home", ["a-file", "a-file/deeper", "/proc/nowhere", "~nobody-of-this-name/x"])
def test_a_home_that_cannot_be_is_told_or_not_needed(home: str, tmp_path: Path, monkeypatch, capsys) -> None:
    (tmp_path / "a-file").write_text("")
    monkeypatch.setenv("MINIATURES_HOME", home if home[0] in "/~" else str(tmp_path / home))
    for command in (["list"], ["show", "nobody"], ["pull", "smollm2-135m-instruct"]):
        assert main(["models", *command]) in (ExitCode.OK, ExitCode.BAD_INPUT)
    assert "MINIATURES_HOME" in (told := capsys.readouterr().err) or "cannot be written" in told


def test_a_hash_is_told_where_it_cannot_be_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x").write_text("1")
    monkeypatch.setenv("MINIATURES_HOME", str(tmp_path / "x"))
    assert file_sha256(tmp_path / "x") == ONE
    with pytest.raises(InputError, match="cannot be written"), exclusive(tmp_path / "x" / "y"):
        pass


@pytest.mark.parametrize("damage", ["[]", "5", "null", '{"sha256": 5}', '{"sha256": null}', "[" * 100_000, "{"])
def test_a_damaged_memory_is_made_anew(damage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINIATURES_HOME", str(tmp_path / "home"))
    (tmp_path / "x").write_text("1")
    assert file_sha256(tmp_path / "x") == ONE
    (memory,) = (weights_home() / "hashes").iterdir()
    memory.write_text(damage)
    assert file_sha256(tmp_path / "x") == ONE
    assert ONE in memory.read_text()

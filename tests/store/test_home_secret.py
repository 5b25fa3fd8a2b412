"""The user's secret: made once, for its owner alone, and what it names cannot be guessed."""

from __future__ import annotations

import multiprocessing
import os
import stat
from pathlib import Path

import pytest

from miniatures.datamodel.errors import InputError
from miniatures.datamodel.prospect import prospect_key
from miniatures.store.home_secret import home_secret, pseudonym, secret_file


def test_it_is_made_once_and_is_its_owners(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINIATURES_HOME", str(tmp_path / "one"))
    secret = home_secret()
    assert len(secret) == 32 and secret_file().read_bytes() == secret == home_secret()
    assert stat.S_IMODE(secret_file().stat().st_mode) == 0o600
    assert [entry.name for entry in (tmp_path / "one").iterdir()] == ["pseudonyms.secret"]
    key = prospect_key("ada@example.com")
    named = pseudonym(key)
    assert named == pseudonym(key) != key
    monkeypatch.setenv("MINIATURES_HOME", str(tmp_path / "two"))
    assert pseudonym(key) != named


def test_of_several_processes_the_first_decides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINIATURES_HOME", str(tmp_path / "home"))
    with multiprocessing.get_context("fork").Pool(8) as pool:
        assert len(set(pool.map(_secret, range(8), chunksize=1))) == 1


def _secret(_: int) -> bytes:
    return home_secret()


def test_a_damaged_one_and_a_home_that_cannot_be_written_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MINIATURES_HOME", str(tmp_path))
    secret_file().write_bytes(b"short")
    with pytest.raises(InputError, match="it holds 5 bytes, not 32"):
        home_secret()
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("MINIATURES_HOME", str(tmp_path / "file"))
    with pytest.raises(InputError, match="cannot be written"):
        home_secret()


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda path: path.symlink_to("nowhere")])
def test_what_is_no_file_is_told_and_not_waited_for(make, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("MINIATURES_HOME", str(tmp_path))
    make(secret_file())
    with pytest.raises(InputError, match="cannot be read"):
        home_secret()

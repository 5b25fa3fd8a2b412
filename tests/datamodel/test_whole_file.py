"""A file is there whole or not at all, and nothing is written through a link."""

from __future__ import annotations

from pathlib import Path

import pytest

from miniatures.datamodel.errors import InputError
from miniatures.datamodel.whole_file import replacing


def test_a_block_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text("old")
    with pytest.raises(ZeroDivisionError), replacing(file) as unfinished:
        unfinished.write_text(str(1 / 0))
    assert (file.read_text(), list(tmp_path.iterdir())) == ("old", [file])


def test_a_link_is_replaced_and_not_followed(tmp_path: Path) -> None:
    precious, link = tmp_path / "precious", tmp_path / "report.html"
    precious.write_text("mine")
    link.symlink_to(precious)
    with replacing(link) as unfinished:
        unfinished.write_text("report")
    assert (precious.read_text(), link.read_text(), link.is_symlink()) == ("mine", "report", False)
    link.unlink()
    link.symlink_to(tmp_path / "nowhere")
    with replacing(link) as unfinished:
        unfinished.write_text("report")
    assert not (tmp_path / "nowhere").exists()


def test_a_device_is_written_to() -> None:
    with replacing(Path("/dev/null")) as unfinished:
        unfinished.write_text("gone")
    assert Path("/dev/null").is_char_device()


@pytest.mark.parametrize("place", ["", "nowhere/report.html"])
def test_what_cannot_be_written_is_said(tmp_path: Path, place: str) -> None:
    with pytest.raises(InputError, match="cannot be written"), replacing(tmp_path / place) as unfinished:
        unfinished.write_text("x")

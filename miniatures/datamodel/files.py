"""Files in a folder that somebody else may have made: read without hanging, written whole and never through a link."""

from __future__ import annotations

import io
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TextIO

from miniatures.datamodel.errors import InputError, writing

_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}
_TO_READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_TO_MAKE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


def open_regular(path: Path, most_bytes: int) -> BinaryIO:
    """Open a regular file for reading; a pipe that nobody writes to is refused, not waited for.

    Raises:
        InputError: it is a folder, a pipe or a device, it is larger than `most_bytes`, or it cannot be read.
    """
    try:
        handle = os.open(path, _TO_READ)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    try:
        facts = os.fstat(handle)
        if not stat.S_ISREG(facts.st_mode):
            raise InputError(f"{path} cannot be read: {_no_file(facts.st_mode)}")
        if facts.st_size > most_bytes:
            raise InputError(f"{path} is larger than {most_bytes / 1e6:g} MB", hint="Is it the right file?")
    except InputError:
        os.close(handle)
        raise
    return os.fdopen(handle, "rb")


def read_regular(path: Path, most_bytes: int) -> bytes:
    """All bytes of a file that `open_regular` would open; raises as it does."""
    with open_regular(path, most_bytes) as file:
        try:
            return file.read(most_bytes)
        except OSError as error:
            raise InputError(f"{path} cannot be read: {error.strerror}") from error


@contextmanager
def written_whole(
    path: Path, *, encoding: str = "utf-8", newline: str | None = None, private: bool = False
) -> Iterator[TextIO]:
    """A text file that takes its place when the block ends; until then, and if the block raises, all is as it was.

    A link at `path` is replaced, and what it leads to is left alone. A `private` one is its user's alone to read.

    Raises:
        InputError: it cannot be written there, or a folder, a pipe or a device is there.
    """
    with bytes_written_whole(path, private=private) as raw:
        file = io.TextIOWrapper(raw, encoding=encoding, newline=newline)
        try:
            yield file
        finally:
            file.detach()


@contextmanager
def bytes_written_whole(path: Path, *, private: bool = False) -> Iterator[BinaryIO]:
    """The same for a file that is no text; raises as `written_whole` does."""
    with writing(path):
        if path.exists() and not path.is_file():
            raise InputError(f"{path} cannot be written: {_no_file(path.stat().st_mode)}", hint="Name another place.")
        unfinished = path.with_name(f".{secrets.token_hex(8)}.part")
        try:
            with os.fdopen(os.open(unfinished, _TO_MAKE, 0o600 if private else 0o666), "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)


def _no_file(mode: int) -> str:
    return f"it is {_KINDS.get(stat.S_IFMT(mode), 'something else')}, not a file"

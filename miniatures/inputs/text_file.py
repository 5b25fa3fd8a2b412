"""Reads a small text file that a person wrote, in any encoding a text editor leaves, or says why it cannot be read."""

from __future__ import annotations

import codecs
import difflib
from pathlib import Path

from miniatures.datamodel.errors import InputError
from miniatures.datamodel.files import read_regular

_MARKED = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
MAX_BYTES = 4_000_000
"""A campaign file or brief above this size is a mistake."""


def read_text(path: Path) -> str:
    """The file's text.

    Raises:
        InputError: there is no such file, it is a folder, far too large, or no text.
    """
    require_file(path)
    content = read_regular(path, MAX_BYTES)
    try:
        return content.decode(marked_encoding(content) or "utf-8")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise InputError(
            f"{path}, line {line}: byte 0x{error.object[error.start]:02x} is not {error.encoding.upper()} text",
            hint="Save the file as UTF-8.",
        ) from error


def require_file(path: Path) -> None:
    """Raise an `InputError` that names a likely neighbour, or where the path starts, if `path` is no file."""
    if path.is_dir():
        raise InputError(f"{path} is a folder, not a file", hint="Name the file in it.")
    if not path.exists():
        raise InputError(f"there is no file {path}", hint=_neighbour_hint(path))


def marked_encoding(start: bytes) -> str | None:
    """The encoding that the byte order mark at the start names, or None without a mark."""
    return next((encoding for mark, encoding in _MARKED if start.startswith(mark)), None)


def _neighbour_hint(path: Path) -> str:
    if not path.parent.is_dir():
        return f"The folder {path.parent} does not exist either."
    names = [neighbour.name for neighbour in path.parent.iterdir()]
    near = difflib.get_close_matches(path.name, names, n=1)
    if near:
        return f"Did you mean {path.parent / near[0]}?"
    return "Check the path." if path.is_absolute() else f"Check the path; it starts in {Path.cwd()}."

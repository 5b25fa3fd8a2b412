"""Finds out in which encoding a spreadsheet was saved: UTF-8 or UTF-16, with a mark or without, or Windows' cp1252.

A file without a mark that is not UTF-8 is taken for cp1252, as Western European spreadsheets save it. Bytes that do not
fit become lone surrogates, so that the row they stand in can be refused and the others kept.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TextIO

from miniatures.datamodel.errors import InputError
from miniatures.datamodel.files import open_regular
from miniatures.inputs.text_file import marked_encoding, require_file

MOST_BYTES = 1_000_000_000
"""A list above this size, some five million prospects, is a mistake."""
MOST_IN_LINE = 1_000_000
"""Characters of one line; a list that somebody sent may be a single line of a gigabyte."""
_CHUNK = 1 << 20
_SURROGATE = re.compile("[\udc80-\udcff]")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_WORKBOOKS = {
    b"PK\x03\x04": "a zip archive, such as an Excel workbook",
    b"\xd0\xcf\x11\xe0": "an Excel 97 workbook, or one with a password",
}


def open_table(path: Path) -> TextIO:
    """Open a text table for streaming, line ends as they are.

    Raises:
        InputError: no such file, an empty or far too large one, no regular file, or a workbook.
    """
    require_file(path)
    open_regular(path, MOST_BYTES).close()
    try:
        encoding = detect_encoding(path)
        return path.open(encoding=encoding, errors=_errors_for(encoding), newline="")
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error


def lines_of(file: TextIO, first_line: int = 1) -> Iterator[str]:
    """The lines of an open table, which are held in memory one by one.

    Raises:
        InputError: one is far too long.
    """
    for number, line in enumerate(iter(partial(file.readline, MOST_IN_LINE + 1), ""), start=first_line):
        if len(line) > MOST_IN_LINE:
            where = f"{file.name}, line {number}"
            raise InputError(f"{where}: longer than {MOST_IN_LINE:,} characters", hint="Is it the right file?")
        yield line


def detect_encoding(path: Path) -> str:
    """The file's encoding, as Python names it. Reads the whole file once, in pieces."""
    with path.open("rb") as file:
        start = file.read(4096)
    if not start.strip():
        raise InputError(f"{path} is empty", hint="Its first line must name the columns, such as email,company.")
    for signature, kind in _WORKBOOKS.items():
        if start.startswith(signature):
            raise InputError(f"{path} is {kind}", hint="Save the sheet as CSV (UTF-8) and name that file.")
    return marked_encoding(start) or _utf16_without_mark(start) or _utf8_or_cp1252(path)


def holds_undecodable(text: str) -> bool:
    """Whether a byte in the text did not fit the file's encoding."""
    return bool(_SURROGATE.search(text)) or "\ufffd" in text


def _errors_for(encoding: str) -> str:
    return "replace" if encoding.startswith(("utf-16", "utf-32")) else "surrogateescape"


def _utf16_without_mark(start: bytes) -> str | None:
    """Western text in UTF-16 has a zero in every other byte."""
    even, odd = start[0::2].count(0), start[1::2].count(0)
    if max(even, odd) < len(start) // 4:
        return None
    return "utf-16-le" if odd > even else "utf-16-be"


def _utf8_or_cp1252(path: Path) -> str:
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    fitting = broken = 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            text = decoder.decode(chunk)
            if not text.isascii():
                misfits = len(_SURROGATE.findall(text))
                broken += misfits
                fitting += len(_NOT_ASCII.findall(text)) - misfits
    broken += len(decoder.decode(b"", final=True))
    return "utf-8" if fitting >= broken else "cp1252"

"""Reads the list of prospects out of an .xlsx workbook, as rows of text, however the workbook was made.

openpyxl streams it; it is the one that does not allocate what a workbook claims to hold (python-calamine aborts the
process on a sheet of two far cells). What is unpacked, and how much of it is one row, is bounded before it is parsed.
"""

from __future__ import annotations

import io
import math
import warnings
import zipfile
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import IO, Any, TypeVar
from xml.parsers import expat

from miniatures.datamodel.errors import InputError
from miniatures.datamodel.files import open_regular, read_regular
from miniatures.datamodel.prospect import one_line
from miniatures.inputs.csv_rows import BrokenRow, CellValue, Row, from_header
from miniatures.inputs.encoding import MOST_BYTES
from miniatures.inputs.headers import MAX_COLUMNS, names_required
from miniatures.inputs.text_file import require_file

MAX_UNPACKED = 128 << 20
MAX_PART = 32 << 20
"""Bytes of a part that is no sheet: texts and styles are held in memory."""
MAX_ROW_ELEMENTS = 50_000
MAX_ELEMENTS_BESIDE = 500_000
MAX_ELEMENTS_ELSEWHERE = 100_000
MAX_ROWS = 1 << 20
MAX_SHEETS = 1000
MAX_IN_CELL = 131_072
MAX_MARKUP = 1 << 20
"""Bytes of one tag or comment: a parser that is given it piece by piece reads it anew with each."""
_SAMPLE_ROWS = 25
_CHUNK = 64 << 10
_SPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_ROWS = (f"{_SPACE} row", f"{_SPACE} si")
"""A row of a sheet, and a text that cells share."""
_SHEET = f"{_SPACE} sheet"
_SAVE_AS_CSV = "Save the sheet as CSV (UTF-8) and name that file."
_ERRORS = frozenset({"#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A"})
Result = TypeVar("Result")


def is_workbook(path: Path) -> bool:
    """Whether the file is a zip archive, which an .xlsx workbook is, whatever its name."""
    require_file(path)
    with open_regular(path, MOST_BYTES) as file:
        return file.read(4) == b"PK\x03\x04"


def read_workbook(path: Path, columns: Mapping[str, str]) -> Iterator[Row | BrokenRow]:
    """The rows of the first visible sheet that has a header row, that row first; of the first sheet if none has.

    A formula counts as the value that the spreadsheet last computed, an error such as `#N/A` as an empty cell.

    Raises:
        InputError: it is no .xlsx workbook, is damaged, or holds more than a list of prospects does.
    """
    content = io.BytesIO(read_regular(path, MAX_UNPACKED))
    _require_bounded(path, content)
    book = _told(path, lambda: _open(content))
    try:
        sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
        yield from from_header(_chosen(path, sheets, columns), columns)
    finally:
        book.close()


def cell_text(value: object) -> str:
    """A cell's value as the text that a person would have typed."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).upper()
        case float() if value.is_integer():
            return f"{value:.0f}"
        case datetime() if value.time() == datetime.min.time():
            return value.date().isoformat()
        case date():
            return value.isoformat(*((" ",) if isinstance(value, datetime) else ()))
        case _:
            text = str(value)
            return "" if text in _ERRORS else text


def _value(value: object, text: str) -> CellValue:
    """A number or a date as it is, anything else as its text; what no workbook may hold as a number is text, too."""
    match value:
        case float() if not math.isfinite(value):
            return text
        case int() | float() | date() | time() | timedelta():
            return value
        case _:
            return text


def _chosen(path: Path, sheets: list[Any], columns: Mapping[str, str]) -> Iterator[Row]:
    samples = [(list(islice(rows := _rows(path, sheet), _SAMPLE_ROWS)), rows) for sheet in sheets]
    for first, rows in samples:
        if any(names_required(row.cells, columns) for row in first):
            return chain(first, rows)
    return next((chain(first, rows) for first, rows in samples if first), iter(()))


def _rows(path: Path, sheet: Any) -> Iterator[Row]:
    """The rows that hold something, by their number in the sheet."""
    sheet.reset_dimensions()  # They are a claim, to which every row would be filled up.
    source = sheet.iter_rows(values_only=True)
    for line in range(1, MAX_ROWS + 1):
        values = _told(path, lambda: next(source, None))
        if values is None:
            return
        if len(values) > MAX_COLUMNS:
            raise InputError(f"{path}, row {line}: more than {MAX_COLUMNS:,} columns", hint=_SAVE_AS_CSV)
        cells = list(map(cell_text, values))
        if any(len(cell) > MAX_IN_CELL for cell in cells):
            raise InputError(f"{path}, row {line}: a cell of more than {MAX_IN_CELL:,} characters", hint=_SAVE_AS_CSV)
        if any(map(one_line, cells)):
            yield Row(line, cells, [_value(value, text) for value, text in zip(values, cells, strict=True)])
    raise InputError(f"{path}: more than {MAX_ROWS:,} rows", hint=_SAVE_AS_CSV)


def _open(content: IO[bytes]) -> Any:
    from openpyxl import load_workbook

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Of styles and extensions that say nothing about prospects.
        return load_workbook(content, read_only=True, data_only=True, keep_links=False)


def _require_bounded(path: Path, content: IO[bytes]) -> None:
    """Refuse what would fill the memory: a part is never unpacked beyond the size that it is said to have."""
    with _told(path, lambda: zipfile.ZipFile(content)) as archive:
        parts = archive.infolist()
        sheets = [part for part in parts if part.filename.lower().startswith("xl/worksheets/")]
        large = any(part.file_size > MAX_PART for part in parts if part not in sheets)
        if large or sum(part.file_size for part in parts) > MAX_UNPACKED:
            raise InputError(f"{path} is too large for a workbook of prospects when unpacked", hint=_SAVE_AS_CSV)
        for part in parts:
            if part.filename.lower().endswith((".xml", ".rels")):
                most_beside = MAX_ELEMENTS_BESIDE if part in sheets else MAX_ELEMENTS_ELSEWHERE
                _told(path, partial(_require_short_rows, path, archive, part, most_beside))


def _require_short_rows(path: Path, archive: zipfile.ZipFile, part: zipfile.ZipInfo, most_beside: int) -> None:
    """Refuse a part with a row of too many elements, which would be built whole, or with too many beside its rows."""
    count = _ElementCount(most_beside)
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler, parser.EndElementHandler = count.begin, count.end
    parser.StartDoctypeDeclHandler = count.declare
    given = 0
    with archive.open(part) as file:
        while (chunk := file.read(_CHUNK)) and not count.is_too_high:
            parser.Parse(chunk)
            given += len(chunk)
            if given - parser.CurrentByteIndex > MAX_MARKUP:
                raise InputError(f"{path}: {part.filename} has a tag too long for prospects", hint=_SAVE_AS_CSV)
    if count.is_too_high:
        raise InputError(f"{path}: {part.filename} has a row too long for prospects", hint=_SAVE_AS_CSV)


class _ElementCount:
    """Elements of the row that is open, and of all that stands beside rows; no workbook declares a document type."""

    def __init__(self, most_beside: int) -> None:
        self._most_beside = most_beside
        self._open_rows = 0
        self._in_row = 0
        self._beside = 0
        self._sheets = 0
        self._declares = False

    @property
    def is_too_high(self) -> bool:
        is_long = self._in_row > MAX_ROW_ELEMENTS or self._beside > self._most_beside
        return is_long or self._sheets > MAX_SHEETS or self._declares

    def declare(self, *_doctype: object) -> None:
        self._declares = True

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        self._sheets += name == _SHEET
        if name in _ROWS:
            self._in_row = self._in_row if self._open_rows else 0
            self._open_rows += 1
        elif self._open_rows:
            self._in_row += 1
        else:
            self._beside += 1

    def end(self, name: str) -> None:
        self._open_rows -= name in _ROWS


def _told(path: Path, read: Callable[[], Result]) -> Result:
    """What reading gives. A damaged file makes the library raise nearly anything.

    Raises:
        InputError: it raised something.
    """
    try:
        return read()
    except InputError:
        raise
    except Exception as error:
        reason = " ".join(str(error).split())[:120] or type(error).__name__
        message = f"{path} is a workbook that cannot be read, or no .xlsx workbook: {reason}"
        raise InputError(message, hint=_SAVE_AS_CSV) from error

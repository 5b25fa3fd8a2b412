"""Writes a table as CSV or as a workbook in which no cell is run as a formula; a file is there whole or not at all.

Cells come from lists, web pages and models. In a workbook every cell is text by its type, but for the numbers and dates
that the list's own workbook has. CSV has no types, so there an apostrophe goes before what a spreadsheet would run; a
number or a telephone number is none of it and stays as it is.
"""

from __future__ import annotations

import csv
import io
import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TextIO

from miniatures.datamodel.errors import InputError
from miniatures.datamodel.files import bytes_written_whole, written_whole
from miniatures.datamodel.foreign_text import visible
from miniatures.inputs.csv_rows import CellValue
from miniatures.inputs.workbook import cell_text

Table = Iterable[Sequence[CellValue]]
"""The header row, then the rows."""

LONGEST_CELL = 32_767
"""Characters that a cell of a workbook holds."""

_WRITTEN_SHORT = 10**11
"""From here on a spreadsheet shows a whole number, such as a record id, as a power of ten unless told otherwise."""

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001
_FORMULA_WITHIN = re.compile(r"([\n\r\t;][ \ufeff]*)(?=[=@＝＠]|[+＋－-][^\n\r\t;]*(?:\||\w\())")  # noqa: RUF001
"""A spreadsheet whose lists are cut at semicolons begins a cell of its own there. A line that begins with a dash is a
formula only if it calls something."""
_NOT_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_NUMBER = re.compile(r"[+-]?[\d\s().,/-]*\d[\d\s().,/-]*")


def safe_cell(value: str) -> str:
    """The value as a cell of CSV that no spreadsheet runs as a formula."""
    value = _FORMULA_WITHIN.sub(r"\1'", value)
    starts = value.lstrip(" \ufeff").startswith(_FORMULA_STARTS)
    return f"'{value}" if starts and not _NUMBER.fullmatch(value) else value


def print_csv(table: Table) -> None:
    """Write the table to the terminal, or as it is into what it is piped into."""
    shown = [[visible(cell_text(cell)) for cell in row] for row in table] if sys.stdout.isatty() else table
    _write_rows(sys.stdout, shown)


def write_csv(table: Table, path: Path) -> int:
    """Write a CSV file and return the number of its rows, the header row not counted.

    Raises:
        InputError: it cannot be written.
    """
    marked = "utf-8-sig"  # Its mark tells spreadsheets that it is UTF-8.
    with written_whole(path, encoding=marked, newline="") as file:
        written = _write_rows(file, table)
    return written - 1


def write_xlsx(table: Table, path: Path) -> int:
    """Write a workbook of one sheet and return the number of its rows.

    Raises:
        InputError: it cannot be written, or a cell is too long for a workbook.
    """
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell

    rows = [[_fitting(cell, number) for cell in row] for number, row in enumerate(table, start=1)]
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Emails")
    sheet.freeze_panes = "A2"
    for row in rows:
        cells = [WriteOnlyCell(sheet) for _ in row]
        for cell, value in zip(cells, row, strict=True):
            _fill(cell, value)
        sheet.append(cells)
    content = io.BytesIO()
    book.save(content)
    with bytes_written_whole(path) as file:
        file.write(content.getvalue())
    return len(rows) - 1


def _fill(cell: Any, value: CellValue) -> None:
    """Give a cell of a workbook its value; text is text by its type, whatever it begins with."""
    if isinstance(value, str):
        cell._value, cell.data_type, cell.quotePrefix = value, "s", True
        return
    cell.value = value
    if isinstance(value, (int, float)) and abs(value) >= _WRITTEN_SHORT and value == int(value):
        cell.number_format = "0"


def _write_rows(file: TextIO, table: Table) -> int:
    writer = csv.writer(file, lineterminator="\r\n")
    written = 0
    for row in table:
        writer.writerow([safe_cell(cell_text(cell)) for cell in row])
        written += 1
    return written


def _fitting(value: CellValue, row: int) -> CellValue:
    """The value, with U+FFFD for what no workbook holds."""
    if not isinstance(value, str):
        return value
    if len(value) > LONGEST_CELL:
        hint = "Export CSV instead: --out emails.csv"
        raise InputError(f"a cell of row {row:,} is longer than a workbook's cell holds ({LONGEST_CELL:,})", hint=hint)
    return _NOT_XML.sub("\ufffd", value)

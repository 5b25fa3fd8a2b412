"""Splits a spreadsheet's text into rows with their true line numbers, and survives rows that are not CSV.

A row whose quotes do not balance is given as a `BrokenRow`, and reading goes on in the line after the one it began in:
one stray quote costs one row, not the rest of the file.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from itertools import chain, islice, takewhile
from pathlib import Path
from typing import TextIO

from miniatures.datamodel.prospect import one_line
from miniatures.inputs.encoding import lines_of, open_table
from miniatures.inputs.headers import MAX_COLUMNS, holds_address, names_required, recognized_count

DELIMITERS = ",;\t"
_MAX_LINES = 100
_SAMPLE_LINES = 200
_SAMPLE_ROWS = 25


CellValue = str | int | float | date | time | timedelta
"""What a cell holds: always text in CSV."""


@dataclass(frozen=True)
class Row:
    """The cells of one row and the line it begins in; `values` are what a workbook holds where that is no text."""

    line: int
    cells: list[str]
    values: Sequence[CellValue] = ()


@dataclass(frozen=True)
class BrokenRow:
    """A row that is not CSV, and why."""

    line: int
    reason: str


def read_csv(path: Path, columns: Mapping[str, str]) -> Iterator[Row | BrokenRow]:
    """The rows of a CSV file, its header row first.

    Raises:
        InputError: no such file, an empty one, or no text.
    """
    with open_table(path) as file:
        delimiter, first_line = sniff_delimiter(file, columns)
        yield from from_header(read_rows(lines_of(file, first_line), delimiter, first_line=first_line), columns)


def sniff_delimiter(file: TextIO, columns: Mapping[str, str]) -> tuple[str, int]:
    """The delimiter under which most headers are known to us and most rows have the header's width.

    Returns it with the line at which the file is left: the second if a spreadsheet's `sep=;` stood in the first.
    """
    first = next(lines_of(file), "")
    stated = first.strip().lower()
    if stated.startswith("sep=") and len(stated) == 5:
        return first.strip()[-1], 2
    file.seek(0)
    sample = list(islice(lines_of(file), _SAMPLE_LINES))
    file.seek(0)
    return max(DELIMITERS, key=lambda delimiter: _evidence(sample, delimiter, columns)), 1


def _evidence(sample: list[str], delimiter: str, columns: Mapping[str, str]) -> tuple[int, float, int]:
    rows = [row.cells for row in read_rows(sample, delimiter) if isinstance(row, Row)][:_SAMPLE_ROWS]
    rows = rows[header_place(rows, columns) :]
    if not rows:
        return 0, 0.0, 0
    width = len(rows[0])
    alike = sum(len(row) == width for row in rows) / len(rows)
    return recognized_count(rows[0], columns), alike if width > 1 else 0.0, width


def header_place(rows: Sequence[Sequence[str]], columns: Mapping[str, str]) -> int:
    """The place of the header row: the first, but for notes above it, as LinkedIn and report writers put there.

    Where no row names what is needed it is the one above the first person's that names most.
    """
    above = takewhile(lambda place: not holds_address(rows[place]), range(len(rows)))
    best = max(above, key=lambda place: recognized_count(rows[place], columns), default=0)
    return next((place for place, cells in enumerate(rows) if names_required(cells, columns)), best)


def from_header(rows: Iterator[Row | BrokenRow], columns: Mapping[str, str]) -> Iterator[Row | BrokenRow]:
    """The rows without the notes above the header row."""
    first = list(islice(rows, _SAMPLE_ROWS))
    cells = [row.cells if isinstance(row, Row) else [] for row in first]
    return chain(first[header_place(cells, columns) :], rows)


def read_rows(lines: Iterable[str], delimiter: str, *, first_line: int = 1) -> Iterator[Row | BrokenRow]:
    """Every row that holds something, in order."""
    source = _Lines(lines, first_line)
    while source.more():
        line = source.next_line
        source.begin()
        try:
            cells = next(csv.reader(source, delimiter=delimiter, strict=True))
        except (csv.Error, _NeverClosed) as error:
            source.back_to_second_line()
            yield BrokenRow(line, _reason(error))
            continue
        if len(cells) > MAX_COLUMNS:
            yield BrokenRow(line, f"more than {MAX_COLUMNS:,} columns")
        elif any(one_line(cell) for cell in cells):
            yield Row(line, cells)


class _NeverClosed(Exception):
    """A quote was opened and not closed within reach."""


class _Lines(Iterator[str]):
    """Lines with their number, which can be given back as far as the beginning of the row being read."""

    def __init__(self, lines: Iterable[str], first_line: int) -> None:
        self._fresh = iter(lines)
        self._returned: deque[str] = deque()
        self._taken: list[str] = []
        self.next_line = first_line

    def begin(self) -> None:
        """The next line begins a row."""
        self._taken = []

    def more(self) -> bool:
        """Whether a line is left."""
        if not self._returned:
            self._returned.extend(islice(self._fresh, 1))
        return bool(self._returned)

    def __next__(self) -> str:
        if len(self._taken) >= _MAX_LINES:
            raise _NeverClosed
        if not self.more():
            raise StopIteration
        self._taken.append(self._returned.popleft())
        self.next_line += 1
        return self._taken[-1]

    def back_to_second_line(self) -> None:
        """Give back all lines of the broken row but its first."""
        again = self._taken[1:]
        self._returned.extendleft(reversed(again))
        self.next_line -= len(again)


def _reason(error: Exception) -> str:
    message = str(error)
    if isinstance(error, _NeverClosed) or "unexpected end" in message:
        return 'a quote (") is opened in this row and never closed'
    if "expected after" in message:
        return 'a quote (") stands in the middle of a cell: write it twice ("") inside a quoted cell'
    if "field limit" in message:
        return f"a cell is longer than {csv.field_size_limit()} characters"
    return f"not CSV: {message}"

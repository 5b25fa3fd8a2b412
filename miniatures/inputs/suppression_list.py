"""Reads who is not to be written to from a person's list: addresses or whole domains, one a line or in a column."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from miniatures.datamodel.errors import InputError
from miniatures.datamodel.prospect import normalize_email, one_line
from miniatures.inputs.csv_rows import BrokenRow, Row, read_rows, sniff_delimiter
from miniatures.inputs.encoding import lines_of, open_table


@dataclass(frozen=True)
class BadLine:
    """A line that names nobody, and why. Lines count from 1."""

    line: int
    reason: str


def checked(address: str) -> str:
    """An address as it is compared, or a domain with its `@`.

    Raises:
        InputError: it is neither.
    """
    from email_validator import EmailNotValidError, validate_email

    written = normalize_email(address)
    whole_domain = written.startswith("@")
    try:
        known = validate_email(
            f"any{written}" if whole_domain else written,
            check_deliverability=False,
            globally_deliverable=False,
            test_environment=True,
        )
    except EmailNotValidError as error:
        hint = "Write name@example.com, or @example.com for everybody there."
        raise InputError(f"{address[:100]!r} is no address and no domain: {error}", hint=hint) from error
    return f"@{known.domain}" if whole_domain else normalize_email(known.normalized)


def read_suppressions(path: Path) -> Iterator[str | BadLine]:
    """The addresses and domains of a list, and the lines that hold none.

    In a table it is the first cell of a row that has an `@`. A first line without one is a header and no bad line.

    Raises:
        InputError: no such file, an empty one, or no text.
    """
    with open_table(path) as file:
        delimiter, first_line = sniff_delimiter(file, {})
        rows = read_rows(lines_of(file, first_line), delimiter, first_line=first_line)
        first = next(rows, None)
        if first is None:
            return
        if isinstance(first, Row) and not _with_sign(first):
            first = None
        for row in chain([] if first is None else [first], rows):
            yield row_of(row)


def row_of(row: Row | BrokenRow) -> str | BadLine:
    """What a row names."""
    if isinstance(row, BrokenRow):
        return BadLine(row.line, row.reason)
    cells = _with_sign(row)
    if not cells:
        return BadLine(row.line, f"no address in {one_line(' '.join(row.cells))[:60]!r}")
    try:
        return checked(cells[0])
    except InputError as error:
        return BadLine(row.line, error.message)


def _with_sign(row: Row) -> list[str]:
    return [cell for cell in map(one_line, row.cells) if "@" in cell]

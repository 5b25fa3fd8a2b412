"""Streams prospects from a spreadsheet's CSV, from JSONL, or from Python objects; a bad row never stops the good ones.

Rows with the same normalized e-mail are one prospect: the first row wins, and each later one is reported as a
duplicate that names it. Only a short hash and a line number of each address are kept in memory.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from miniatures.datamodel.errors import InputError
from miniatures.datamodel.prospect import BadRow, Prospect, RowFault, odd_name, one_line
from miniatures.inputs.csv_rows import BrokenRow, Row, read_rows, sniff_delimiter
from miniatures.inputs.encoding import holds_undecodable, open_table
from miniatures.inputs.headers import COLUMNS, REQUIRED, ColumnMap, map_headers

ProspectSource = Path | str | Iterable[Mapping[str, Any] | Prospect]


def read_prospects(source: ProspectSource, columns: Mapping[str, str] | None = None) -> Iterator[Prospect | BadRow]:
    """Stream a CSV or JSONL file, or an iterable of dictionaries or prospects.

    Args:
        source: a path (.jsonl and .ndjson are JSONL, anything else CSV) or Python objects.
        columns: our column name -> the file's header, for headers that are not recognized.

    Raises:
        InputError: the file is missing, empty, a workbook, or has no column for the address or the company.
    """
    columns = columns or {}
    if not isinstance(source, (str, Path)):
        return _merged(_objects(source, columns))
    path = Path(source)
    read = _jsonl if path.suffix.lower() in (".jsonl", ".ndjson") else _csv
    return _merged(read(path, columns))


def _merged(rows: Iterable[tuple[int, Prospect | BadRow]]) -> Iterator[Prospect | BadRow]:
    first_lines: dict[int, int] = {}
    for line, row in rows:
        if isinstance(row, BadRow):
            yield row
            continue
        if fault := odd_name(row):
            yield BadRow(line=line, reason=fault, email=row.email)
            continue
        first = first_lines.setdefault(int(row.key, 16), line)
        if first == line:
            yield row
        else:
            reason = f"the same address as in line {first}, which is kept; this row is merged into it"
            yield BadRow(line=line, reason=reason, email=row.email, fault=RowFault.DUPLICATE)


def _csv(path: Path, columns: Mapping[str, str]) -> Iterator[tuple[int, Prospect | BadRow]]:
    with open_table(path) as file:
        delimiter, first_line = sniff_delimiter(file, columns)
        rows = read_rows(file, delimiter, first_line=first_line)
        header = next(rows, None)
        if not isinstance(header, Row):
            raise _no_header(path, header)
        column_map = map_headers(header.cells, columns, f"{path}, line {header.line}")
        for row in rows:
            yield row.line, _from_row(row, column_map)


def _no_header(path: Path, header: BrokenRow | None) -> InputError:
    if header is None:
        return InputError(f"{path} is empty", hint="Its first line must name the columns, such as email,company.")
    return InputError(f"{path}, line {header.line}: {header.reason}", hint="Mend the line that names the columns.")


def _from_row(row: Row | BrokenRow, columns: ColumnMap) -> Prospect | BadRow:
    if isinstance(row, BrokenRow):
        return BadRow(line=row.line, reason=row.reason)
    fields = columns.fields(row.cells)
    beyond = [cell for cell in row.cells[columns.width :] if cell.strip()]
    if beyond:
        reason = f"{len(row.cells)} cells where the header names {columns.width}: quote cells that hold the delimiter"
        return _bad(row.line, reason, fields)
    if any(holds_undecodable(cell) for cell in row.cells):
        return _bad(row.line, "a byte that does not fit the file's encoding: save the file as UTF-8", fields)
    return _prospect(row.line, fields)


def _jsonl(path: Path, columns: Mapping[str, str]) -> Iterator[tuple[int, Prospect | BadRow]]:
    with open_table(path) as file:
        for line, text in enumerate(file, start=1):
            if text.strip():
                yield line, _from_json(line, text, columns)


def _from_json(line: int, text: str, columns: Mapping[str, str]) -> Prospect | BadRow:
    try:
        content = json.loads(text.lstrip("\ufeff"))
    except (ValueError, RecursionError) as error:
        reason = error.msg if isinstance(error, json.JSONDecodeError) else "nested too deeply or a number too long"
        return BadRow(line=line, reason=f"not JSON: {reason}; each line must be one object")
    if not isinstance(content, dict):
        return BadRow(line=line, reason="not a JSON object: each line must be one, such as {...}")
    return _from_mapping(line, content, columns)


def _objects(
    source: Iterable[Mapping[str, Any] | Prospect], columns: Mapping[str, str]
) -> Iterator[tuple[int, Prospect | BadRow]]:
    for line, item in enumerate(source, start=1):
        yield line, item if isinstance(item, Prospect) else _from_mapping(line, item, columns)


def _from_mapping(line: int, content: Mapping[str, Any], columns: Mapping[str, str]) -> Prospect | BadRow:
    """A dictionary whose keys are named as a spreadsheet's headers would be; an `extra` dictionary is kept as such."""
    extra = content.get("extra")
    named = {str(key): value for key, value in content.items() if not (key == "extra" and isinstance(extra, dict))}
    cells = [_cell(value) for value in named.values()]
    present = {ours: header for ours, header in columns.items() if header in named or ours not in COLUMNS}
    try:
        fields = map_headers(list(named), present, f"row {line}").fields(cells)
    except InputError as error:
        found = ", ".join(list(named)[:10]) or "none"
        return BadRow(line=line, reason=f"{error.message.split(': ', 1)[-1]}; the keys found are {one_line(found)}")
    if isinstance(extra, dict):
        given = {str(key): _cell(value) for key, value in extra.items()}
        fields["extra"] = {**given, **fields["extra"]}
    return _prospect(line, fields)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _prospect(line: int, fields: Mapping[str, object]) -> Prospect | BadRow:
    for name, word in REQUIRED.items():
        if not one_line(str(fields.get(name, ""))):
            return _bad(line, f"no {word}", fields)
    try:
        return Prospect.model_validate(fields)
    except ValidationError as error:
        return _bad(line, "; ".join(_sentence(detail["loc"], detail["msg"]) for detail in error.errors()), fields)


def _sentence(loc: tuple[int | str, ...], message: str) -> str:
    if loc[:1] == ("email",):
        return f"not an e-mail address: {message.split(': ', 1)[-1].rstrip('.')}"
    return f"{'.'.join(map(str, loc))}: {message}"


def _bad(line: int, reason: str, fields: Mapping[str, object]) -> BadRow:
    email = one_line(str(fields.get("email", "")))
    return BadRow(line=line, reason=reason, email=email[:320] or None)

"""Streams prospects from a spreadsheet (CSV or .xlsx), from JSONL, or from Python objects; a bad row stops no good one.

Rows with the same normalized e-mail are one prospect: the first row wins, and each later one is reported as a
duplicate that names it. Who opted out in any row is no prospect in any. Only a short hash and a line number of each
address are kept in memory.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from miniatures.datamodel.errors import InputError
from miniatures.datamodel.prospect import BadRow, Prospect, RowFault, odd_name, one_line, prospect_key
from miniatures.inputs.csv_rows import BrokenRow, CellValue, Row, read_csv
from miniatures.inputs.encoding import holds_undecodable, lines_of, open_table
from miniatures.inputs.headers import COLUMNS, MAX_COLUMNS, REQUIRED, ColumnMap, map_headers
from miniatures.inputs.opt_out import refusal
from miniatures.inputs.workbook import is_workbook, read_workbook

ProspectSource = Path | str | Iterable[Mapping[str, Any] | Prospect]

Suppressed = Callable[[str], str]
"""Why an address is written to no more; empty if it may be."""


def nobody_suppressed(email: str) -> str:
    """For whoever only looks at a list."""
    return ""


@dataclass(frozen=True)
class ListedRow:
    """A row as it lies in the file, and the prospect that it became; `typed` are a workbook's cells, if it is one's."""

    line: int
    cells: tuple[str, ...]
    entry: Prospect | BadRow
    typed: tuple[CellValue, ...] = ()

    @property
    def values(self) -> tuple[CellValue, ...]:
        """The cells as the file holds them: numbers and dates of a workbook are such."""
        return self.typed or self.cells


@dataclass(frozen=True)
class ProspectList:
    """A list as it lies in its file: what its columns were taken for, and its rows, streamed once."""

    headers: tuple[str, ...]
    columns: ColumnMap
    rows: Iterator[ListedRow]


def read_prospects(
    source: ProspectSource,
    columns: Mapping[str, str] | None = None,
    *,
    suppressed: Suppressed = nobody_suppressed,
) -> Iterator[Prospect | BadRow]:
    """Stream a CSV, .xlsx or JSONL file, or an iterable of dictionaries or prospects.

    Args:
        source: a path (.jsonl and .ndjson are JSONL; a workbook is known by its content) or Python objects.
        columns: our column name -> the file's header, for headers that are not recognized.
        suppressed: who is on the list of those who are written to no more, and so becomes no prospect.

    Raises:
        InputError: the file is missing, empty, no table, or has no column for the address or the company.
    """
    columns = columns or {}
    if not isinstance(source, (str, Path)):
        return (row.entry for row in _merged(_objects(source, columns), suppressed=suppressed))
    return _entries(Path(source), columns, suppressed)


def open_list(path: Path, columns: Mapping[str, str] | None = None) -> ProspectList:
    """The list with its own columns; raises as `read_prospects` does. Of JSONL the keys are the columns."""
    columns = columns or {}
    if not _is_jsonl(path):
        return _table(path, columns)
    keys = tuple(islice(dict.fromkeys(key for content in _objects_of(path) for key in content), MAX_COLUMNS + 1))
    if len(keys) > MAX_COLUMNS:
        raise InputError(f"{path}: more than {MAX_COLUMNS:,} different keys", hint="Is it a list of prospects?")
    try:
        column_map = map_headers(keys, _present(columns, keys), str(path))
    except InputError:  # Each row that lacks a column says so for itself.
        column_map = ColumnMap({}, {key: place for place, key in enumerate(keys)}, len(keys))
    return ProspectList(keys, column_map, _merged(_jsonl(path, columns, keys), _jsonl(path, columns)))


def _entries(path: Path, columns: Mapping[str, str], suppressed: Suppressed) -> Iterator[Prospect | BadRow]:
    if _is_jsonl(path):
        rows = _merged(_jsonl(path, columns), _jsonl(path, columns), suppressed)
    else:
        rows = _table(path, columns, suppressed).rows
    for row in rows:
        yield row.entry


def _merged(
    rows: Iterable[ListedRow], ahead: Iterable[ListedRow] = (), suppressed: Suppressed = nobody_suppressed
) -> Iterator[ListedRow]:
    """The rows, each address once; `ahead` are the same rows, read before for who opted out in any of them."""
    opted_out = {key: row.line for row in ahead if (key := _key_opted_out(row))}
    first_lines: dict[int, int] = {}
    for row in rows:
        if key := _key_opted_out(row):
            opted_out.setdefault(key, row.line)
        fault = None
        if isinstance(row.entry, Prospect):
            fault = _fault(row.entry, row.line, first_lines, opted_out) or _suppression(row.entry, row.line, suppressed)
        yield row if fault is None else ListedRow(row.line, row.cells, fault)


def _fault(prospect: Prospect, line: int, first_lines: dict[int, int], opted_out: Mapping[str, int]) -> BadRow | None:
    """Why this prospect is none after all; None if nothing speaks against it, and then its line is noted."""
    if odd := odd_name(prospect):
        return BadRow(line=line, reason=odd, email=prospect.email)
    if prospect.key in opted_out:
        reason = f"the same address opted out in line {opted_out[prospect.key]}"
        return BadRow(line=line, reason=reason, email=prospect.email, fault=RowFault.OPTED_OUT)
    first = first_lines.setdefault(int(prospect.key, 16), line)
    if first == line:
        return None
    reason = f"the same address as in line {first}, which is kept; this row is merged into it"
    return BadRow(line=line, reason=reason, email=prospect.email, fault=RowFault.DUPLICATE)


def _suppression(prospect: Prospect, line: int, suppressed: Suppressed) -> BadRow | None:
    reason = suppressed(prospect.email)
    return BadRow(line=line, reason=reason, email=prospect.email, fault=RowFault.SUPPRESSED) if reason else None


def _key_opted_out(row: ListedRow) -> str:
    """The key of whoever opted out in this row; empty if nobody did."""
    refused = isinstance(row.entry, BadRow) and row.entry.fault is RowFault.OPTED_OUT
    return prospect_key(row.entry.email or "") if refused else ""


def _table(path: Path, columns: Mapping[str, str], suppressed: Suppressed = nobody_suppressed) -> ProspectList:
    rows = _rows(path, columns)
    header = next(rows, None)
    if not isinstance(header, Row):
        raise _no_header(path, header)
    column_map = map_headers(header.cells, columns, f"{path}, line {header.line}")
    ahead = _listed(islice(_rows(path, columns), 1, None), column_map) if column_map.opt_outs else ()
    return ProspectList(tuple(header.cells), column_map, _merged(_listed(rows, column_map), ahead, suppressed))


def _rows(path: Path, columns: Mapping[str, str]) -> Iterator[Row | BrokenRow]:
    return read_workbook(path, columns) if is_workbook(path) else read_csv(path, columns)


def _listed(rows: Iterable[Row | BrokenRow], columns: ColumnMap) -> Iterator[ListedRow]:
    for row in rows:
        cells, typed = (tuple(row.cells), tuple(row.values)) if isinstance(row, Row) else ((), ())
        yield ListedRow(row.line, cells, _from_row(row, columns), typed)


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
    return _unless_opted_out(_prospect(row.line, fields), row.line, row.cells, columns)


def _unless_opted_out(
    entry: Prospect | BadRow, line: int, cells: Sequence[str], columns: ColumnMap
) -> Prospect | BadRow:
    """The entry, unless its row says that this person wants no mail."""
    reason = refusal(cells, columns.opt_outs)
    if not reason or isinstance(entry, BadRow):
        return entry
    return BadRow(line=line, reason=reason, email=entry.email, fault=RowFault.OPTED_OUT)


def _is_jsonl(path: Path) -> bool:
    return path.suffix.lower() in (".jsonl", ".ndjson")


def _jsonl(path: Path, columns: Mapping[str, str], keys: Iterable[str] = ()) -> Iterator[ListedRow]:
    """The rows; their cells are those of `keys`."""
    for line, content in _json_lines(path):
        if isinstance(content, BadRow):
            yield ListedRow(line, (), content)
        else:
            cells = tuple(_cell(content.get(key)) for key in keys)
            yield ListedRow(line, cells, _from_mapping(line, content, columns))


def _objects_of(path: Path) -> Iterator[dict[str, Any]]:
    return (content for _, content in _json_lines(path) if isinstance(content, dict))


def _json_lines(path: Path) -> Iterator[tuple[int, dict[str, Any] | BadRow]]:
    with open_table(path) as file:
        for line, text in enumerate(lines_of(file), start=1):
            if text.strip():
                yield line, _json_object(line, text)


def _json_object(line: int, text: str) -> dict[str, Any] | BadRow:
    try:
        content = json.loads(text.lstrip("\ufeff"))
    except (ValueError, RecursionError) as error:
        reason = error.msg if isinstance(error, json.JSONDecodeError) else "nested too deeply or a number too long"
        return BadRow(line=line, reason=f"not JSON: {reason}; each line must be one object")
    if not isinstance(content, dict):
        return BadRow(line=line, reason="not a JSON object: each line must be one, such as {...}")
    if len(content) > MAX_COLUMNS:
        return BadRow(line=line, reason=f"more than {MAX_COLUMNS:,} keys")
    return content


def _objects(source: Iterable[Mapping[str, Any] | Prospect], columns: Mapping[str, str]) -> Iterator[ListedRow]:
    for line, item in enumerate(source, start=1):
        entry = item if isinstance(item, Prospect) else _from_mapping(line, item, columns)
        yield ListedRow(line, (), entry)


def _from_mapping(line: int, content: Mapping[str, Any], columns: Mapping[str, str]) -> Prospect | BadRow:
    """A dictionary whose keys are named as a spreadsheet's headers would be; an `extra` dictionary is kept as such."""
    extra = content.get("extra")
    named = {str(key): value for key, value in content.items() if not (key == "extra" and isinstance(extra, dict))}
    cells = [_cell(value) for value in named.values()]
    try:
        column_map = map_headers(list(named), _present(columns, named), f"row {line}")
    except InputError as error:
        found = ", ".join(list(named)[:10]) or "none"
        return BadRow(line=line, reason=f"{error.message.split(': ', 1)[-1]}; the keys found are {one_line(found)}")
    fields = column_map.fields(cells)
    if isinstance(extra, dict):
        given = {str(key): _cell(value) for key, value in extra.items()}
        fields["extra"] = {**given, **fields["extra"]}
    return _unless_opted_out(_prospect(line, fields), line, cells, column_map)


def _present(columns: Mapping[str, str], keys: Container[str]) -> dict[str, str]:
    """What the campaign says of columns, as far as this object has them."""
    return {ours: header for ours, header in columns.items() if header in keys or ours not in COLUMNS}


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

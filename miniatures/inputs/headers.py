"""Finds our columns among a spreadsheet's headers: by explicit mapping first, then by what people call them."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from miniatures.datamodel.errors import InputError
from miniatures.datamodel.prospect import one_line
from miniatures.inputs.yaml_file import load_yaml

FULL_NAME = "full_name"
OPT_OUT = "opt_out"
REQUIRED = {"email": "e-mail address", "company": "company"}
"""The columns that every list has, and what a person calls them."""
OWN_PREFIX = "miniatures_"
"""How the columns begin that an export adds to the list's own."""
MAX_COLUMNS = 1000
"""Columns of a list at most; more is no list of prospects."""
COLUMNS = ("email", "company", "first_name", "last_name", "title", "website", FULL_NAME, OPT_OUT)

_SYNONYMS = Path(__file__).parent / "synonyms.yaml"

# Systems name the kind of mail behind it: "Opted out of email: One to One".
_OPT_OUT_BEGINNING = "optedoutofemail"
_LEAST_LIKENESS = 0.75
_ADDRESS = re.compile(r"[^@\s,;]+@[^@\s,;]+\.[^@\s,;]+")

# Beside the second header the first is another thing: the person's profile (LinkedIn), Mr or Mrs (Outlook).
_OTHERWISE = {"url": "connectedon", "title": "jobtitle"}

# Words that mean one part of a name when the other part has a column of its own, and the whole name otherwise.
_NAME_WORDS = {"last_name": ("name", "nom", "naam", "navn", "namn"), "first_name": ("nombre", "nome")}


def normal_header(header: str) -> str:
    """The header without case, accents, spaces and punctuation."""
    decomposed = unicodedata.normalize("NFKD", one_line(header)).casefold()
    return re.sub(r"[\W_]", "", "".join(mark for mark in decomposed if not unicodedata.combining(mark)))


@lru_cache(maxsize=1)
def _by_header() -> dict[str, tuple[str, int]]:
    """Normal header -> the column that it means, and how well that name fits: 0 is best."""
    return {
        normal_header(word): (column, rank)
        for column, words in load_yaml(_SYNONYMS).data.items()
        for rank, word in enumerate((column, *words))
    }


@dataclass(frozen=True)
class ColumnMap:
    """Which column of the file feeds which of ours; the rest is kept under its own header.

    `spare` are further columns that would also do, best first: they fill in where the chosen one is empty. `opt_outs`
    are the columns, by header, that may say that somebody wants no mail; they are kept under their headers, too.
    """

    ours: Mapping[str, int]
    extra: Mapping[str, int]
    width: int
    spare: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    opt_outs: Mapping[str, int] = field(default_factory=dict)

    def fields(self, cells: Sequence[str]) -> dict[str, Any]:
        """One row as the fields of a `Prospect`, a full name split into two."""
        fields: dict[str, Any] = {name: self._first_filled(cells, name) for name in self.ours}
        full_name = fields.pop(FULL_NAME, "")
        if full_name and not fields.get("first_name") and not fields.get("last_name"):
            fields["first_name"], fields["last_name"] = split_name(full_name)
        extra = {header: _cell(cells, index) for header, index in self.extra.items()}
        return {**fields, "extra": {header: cell for header, cell in extra.items() if cell}}

    def _first_filled(self, cells: Sequence[str], name: str) -> str:
        found = (_cell(cells, index) for index in (self.ours[name], *self.spare.get(name, ())))
        return next((cell for cell in found if one_line(cell)), "")


def map_headers(headers: Sequence[str], columns: Mapping[str, str], where: str) -> ColumnMap:
    """Map a header row; `columns` (our name -> header) goes before the synonyms.

    Raises:
        InputError: `columns` names a header or a column that is not there, or no header is an e-mail or company.
    """
    explicit = _explicit(headers, columns, where)
    recognized = _recognized(headers, taken=set(explicit.values()))
    named = (explicit.pop(OPT_OUT),) if OPT_OUT in explicit else ()
    opt_outs = {one_line(headers[place]): place for place in (*named, *recognized.pop(OPT_OUT, ()))}
    ours = {column: places[0] for column, places in recognized.items()} | explicit
    if missing := [column for column in REQUIRED if column not in ours]:
        raise _missing(missing, headers, where)
    spare = {column: places[1:] for column, places in recognized.items() if places[1:] and column not in explicit}
    return ColumnMap(ours, _extra(headers, set(ours.values())), len(headers), spare, opt_outs)


def _extra(headers: Sequence[str], used: set[int]) -> dict[str, int]:
    """What the list says beside our columns; what an export of ours added says nothing new."""
    named = ((one_line(header), index) for index, header in enumerate(headers) if index not in used)
    return {header: index for header, index in named if header and not header.lower().startswith(OWN_PREFIX)}


def names_required(headers: Sequence[str], columns: Mapping[str, str]) -> bool:
    """Whether these cells can be the header row: a column for the address and one for the company are among them."""
    known = _recognized(headers, taken=set())
    cells = set(map(normal_header, headers))
    named = {column for column, header in columns.items() if normal_header(header) in cells}
    return not holds_address(headers) and all(column in known or column in named for column in REQUIRED)


def holds_address(cells: Sequence[str]) -> bool:
    """Whether one of the cells is an e-mail address: such a row is somebody's and names no columns."""
    return any(_ADDRESS.fullmatch(one_line(cell)) for cell in cells)


def recognized_count(headers: Sequence[str], columns: Mapping[str, str]) -> int:
    """How many of the headers we know: the evidence that a line is a header row, split at the right delimiter."""
    named = {normal_header(header) for header in columns.values()}
    return len(_recognized(headers, taken=set())) + sum(normal_header(header) in named for header in headers)


def _explicit(headers: Sequence[str], columns: Mapping[str, str], where: str) -> dict[str, int]:
    positions = {normal_header(header): index for index, header in reversed(list(enumerate(headers)))}
    ours = {}
    for column, header in columns.items():
        if column not in COLUMNS:
            raise InputError(f"columns: {column!r} is no column of ours", hint=_nearest(column, COLUMNS))
        if normal_header(header) not in positions:
            raise InputError(f"{where} has no header {header!r}, which columns.{column} names", hint=_listed(headers))
        ours[column] = positions[normal_header(header)]
    return ours


def _recognized(headers: Sequence[str], taken: set[int]) -> dict[str, tuple[int, ...]]:
    """The places of the headers that mean each of our columns, the best name first."""
    ranked: dict[str, list[tuple[int, int]]] = {}
    normal = [normal_header(header) for header in headers]
    beside = frozenset(normal)
    for index, header in enumerate(normal):
        column, rank = _meaning(header)
        if column and index not in taken and _OTHERWISE.get(header) not in beside:
            ranked.setdefault(column, []).append((rank, index))
    found = {column: tuple(index for _, index in sorted(places)) for column, places in ranked.items()}
    return found | _name_words(normal, found, taken)


def _meaning(header: str) -> tuple[str, int]:
    """The column of ours that a normal header means, and how well it fits; no column if it is not known."""
    by_beginning = (OPT_OUT, 0) if header.startswith(_OPT_OUT_BEGINNING) else ("", 0)
    return _by_header().get(header, by_beginning)


def _name_words(
    normal: Sequence[str], found: Mapping[str, tuple[int, ...]], taken: set[int]
) -> dict[str, tuple[int, ...]]:
    """Of normal headers: `Name` beside `Vorname` is the last name; alone, it is the full name."""
    for index, header in enumerate(normal):
        for part, words in _NAME_WORDS.items():
            other = "first_name" if part == "last_name" else "last_name"
            if header in words and index not in taken:
                column = part if other in found else FULL_NAME
                return {} if column in found else {column: (index,)}
    return {}


def split_name(full_name: str) -> tuple[str, str]:
    """First and last name: `Last, First` is turned round, else the first word is the first name."""
    last, comma, first = (part.strip() for part in full_name.partition(","))
    if comma and first:
        return first, last
    first, _, last = full_name.strip().partition(" ")
    return first, last.strip()


def _cell(cells: Sequence[str], index: int) -> str:
    return cells[index] if index < len(cells) else ""


def _missing(missing: Sequence[str], headers: Sequence[str], where: str) -> InputError:
    """What to say of a header row without a column that is needed; what may be somebody's row is not shown."""
    message = f"{where}: no column for {' and none for '.join(f'the {REQUIRED[column]}' for column in missing)}"
    near = {column: header for column in missing if (header := _misspelt(column, headers))}
    if holds_address(headers) or not (near or _recognized(headers, taken=set())):
        hint = "The first line must name the columns, such as email,company: this one seems to hold a row."
        return InputError(message, hint=hint)
    meant = f" Did you mean {' and '.join(map(repr, near.values()))}?" if near else ""
    named = ", ".join(f"{column}: {near.get(column, 'HEADER')}" for column in missing)
    return InputError(
        message, hint=f"{_listed(headers)}{meant} Name it in the campaign file: columns: {{{named}}}, or mend the line."
    )


def _misspelt(column: str, headers: Sequence[str]) -> str:
    """The header that comes nearest to a name of this column; empty if none is near."""
    names = [name for name, (known, _) in _by_header().items() if known == column]
    spelled = {normal_header(header): one_line(header)[:40] for header in headers}
    unknown = [header for header in spelled if header and header not in _by_header()]
    scored = ((_likeness(header, name), header) for header in unknown for name in names)
    likeness, nearest = max(scored, default=(0.0, ""))
    return spelled[nearest] if likeness >= _LEAST_LIKENESS else ""


def _likeness(one: str, other: str) -> float:
    """From 0, nothing in common, to 1, the same."""
    return difflib.SequenceMatcher(None, one, other, autojunk=False).ratio()


def _listed(headers: Sequence[str]) -> str:
    shown = ", ".join(repr(one_line(header)[:40]) for header in headers[:20])
    more = f" and {len(headers) - 20} more" if len(headers) > 20 else ""
    return f"The headers found are {shown}{more}."


def _nearest(word: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(word, known, n=1)
    return f"Did you mean {near[0]!r}?" if near else f"Ours are {', '.join(known)}."

"""Which prospects were worked on: searched, ordered and a page at a time, each with what its model calls came to.

Prospects are ordered by their results, of which each has one or a few, and not by their calls, of which each may have
hundreds. What calls came to is added up for the prospects of one page alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from operator import itemgetter
from typing import Any

from pydantic import Field
from pydantic_core import from_json
from sqlalchemy import ColumnElement, Connection, Select, Table, func, select

from miniatures.datamodel.characters import nfc
from miniatures.datamodel.draft import DraftStatus
from miniatures.datamodel.frozen import Frozen
from miniatures.store.engine import Database
from miniatures.store.spending import Spending, spending_of, summed
from miniatures.store.tables import UNLISTED, prospects, results, spans, traces

_FEW = 500
_STATUSES = frozenset(DraftStatus)


class WorkOrder(StrEnum):
    """Which prospect comes first."""

    LIST = "list"
    """As the campaign's list has them."""
    NEWEST = "newest"
    """Whose result was saved last; those without one come last."""
    COSTLIEST = "costliest"
    """Whose results cost most, and of those that cost the same, whose results took most tokens."""


class WorkFilter(Frozen):
    """Which prospects are asked for."""

    search: str = Field(default="", description="In name, company and address.")
    order: WorkOrder = WorkOrder.NEWEST

    @property
    def words(self) -> list[str]:
        """What has to be found, each word somewhere."""
        return nfc(self.search).lower().split()


@dataclass(frozen=True)
class Work:
    """What one prospect took, over all runs."""

    key: str
    name: str
    company: str
    email: str
    spending: Spending = field(default_factory=Spending)
    seconds: float = 0.0
    """Of all model calls together, as if they had been made one after the other."""
    failed_calls: int = 0
    failed_steps: int = 0
    last_call: datetime | None = None
    status: DraftStatus = DraftStatus.PENDING


@dataclass(frozen=True)
class WorkPage:
    """Some prospects, and how many there are in all."""

    rows: tuple[Work, ...]
    total: int


class TraceListing:
    """What can be asked of the work on a campaign's prospects."""

    _database: Database

    def work(self, campaign: str, asked: WorkFilter, start: int = 0, most: int = _FEW) -> WorkPage:
        """At most so many of the prospects that pass the filter, in its order, from the one at `start` on."""
        with self._database.read() as connection:
            places, total = _places(connection, campaign, asked, start, most)
            return WorkPage(tuple(_work_on(connection, campaign, places)), total)


Places = Sequence[tuple[int, str]]
"""Position in the list and key of each of some prospects."""


def _places(connection: Connection, campaign: str, asked: WorkFilter, start: int, most: int) -> tuple[Places, int]:
    ordered = _ordered(campaign, asked.order)
    if not asked.words:
        everybody = select(func.count()).select_from(prospects).where(prospects.c.campaign == campaign)
        page = connection.execute(ordered.limit(most).offset(start)).all()
        return [(row[0], row[1]) for row in page], connection.scalar(everybody) or 0
    found = _found(connection, campaign, asked.words)
    if len(found) <= _FEW:
        ordered = ordered.where(prospects.c.position.in_(found.values()))
    places = [(row[0], row[1]) for row in connection.execute(ordered) if row[1] in found]
    return places[start : start + most], len(places)


def _ordered(campaign: str, order: WorkOrder) -> Select[Any]:
    """Position and key of everybody on the list."""
    listed, saved = prospects.c, results.c
    query = select(listed.position, listed.prospect).where(listed.campaign == campaign)
    if order is WorkOrder.LIST:
        return query.order_by(listed.position, listed.prospect)
    of_them = [saved[name] == listed[name] for name in ("campaign", "position", "prospect")]
    query = query.select_from(prospects.outerjoin(results, of_them[0] & of_them[1] & of_them[2]))
    ranks: list[ColumnElement[Any]] = [func.max(saved.revision)]
    if order is WorkOrder.COSTLIEST:
        ranks = [func.sum(saved.cost_usd), func.sum(saved.input_tokens + saved.output_tokens)]
    query = query.group_by(listed.position, listed.prospect)
    return query.order_by(*(rank.desc().nulls_last() for rank in ranks), listed.position, listed.prospect)


def _found(connection: Connection, campaign: str, words: Sequence[str]) -> dict[str, int]:
    """The positions, by key, of those in whose name, company or address every word is found.

    The database leaves out what cannot match. It knows no letters beyond ASCII as small and large ones, and does not
    know a name from a further column, so what it leaves is looked at once more.
    """
    columns = prospects.c
    query = select(columns.prospect, columns.position, columns.document).where(columns.campaign == campaign)
    for part in filter(None, map(_caseless_part, words)):
        query = query.where(columns.document.icontains(part, autoescape=True))
    return {row[0]: row[1] for row in connection.execute(query) if _matches(row[2], words)}


def _caseless_part(word: str) -> str:
    """The longest part of a word that stands in a document as it is, or differs in ASCII's small and large letters."""
    broken = "".join(
        "\n" if letter in '"\\' or not (letter.isascii() or letter.upper() == letter.lower()) else letter
        for letter in word
    )
    return max(broken.split("\n"), key=len)


def _matches(document: str, words: Sequence[str]) -> bool:
    text = "\n".join(_told(document)).lower()
    return all(word in text for word in words)


def _told(document: str) -> tuple[str, str, str]:
    """Name, company and address as the list has them; of a damaged row, nothing."""
    try:
        row = from_json(document)
    except ValueError:
        return "", "", ""
    texts = {field: str(value) for field, value in row.items()} if isinstance(row, dict) else {}
    name = f"{texts.get('first_name', '')} {texts.get('last_name', '')}".strip()
    return name, texts.get("company", ""), texts.get("email", "")


def _work_on(connection: Connection, campaign: str, places: Places) -> Iterable[Work]:
    """What was done for these prospects, in their order."""

    def ask(table: Table, *columns: ColumnElement[Any]) -> Select[Any]:
        return select(table.c.prospect, *columns).where(*_among(table, campaign, places))

    of_calls = ask(traces, func.max(traces.c.started_at), *summed()).group_by(traces.c.prospect)
    sums = {row[0]: (row[1], spending_of(row[2:])) for row in connection.execute(of_calls)}
    of_steps = ask(spans, func.count(spans.c.error)).group_by(spans.c.prospect)
    failed_steps = {row[0]: row[1] for row in connection.execute(of_steps)}
    times = _times(connection.execute(ask(traces, traces.c.document)))
    saved = connection.execute(ask(results, results.c.revision, results.c.status)).all()
    statuses = {row[0]: DraftStatus(row[2]) for row in sorted(saved, key=itemgetter(1)) if row[2] in _STATUSES}
    people = {row[0]: row[1] for row in connection.execute(ask(prospects, prospects.c.document))}
    for _, key in places:
        last, spending = sums.get(key, (None, Spending()))
        seconds, failed = times.get(key, (0.0, 0))
        status = statuses.get(key, DraftStatus.PENDING)
        told = _told(people.get(key, ""))
        yield Work(key, *told, spending, seconds, failed, failed_steps.get(key, 0), last, status)


def _times(rows: Iterable[Any]) -> Mapping[str, tuple[float, int]]:
    """How long each prospect's calls took, and how many failed; what is damaged counts as nothing."""
    seconds: dict[str, float] = defaultdict(float)
    failed: dict[str, int] = defaultdict(int)
    for key, document in rows:
        try:
            call = from_json(document)
            seconds[key] += float(call["total_ms"]) / 1000
            failed[key] += call["error"] is not None
        except (ValueError, TypeError, KeyError):
            continue
    return {key: (seconds[key], failed[key]) for key in seconds}


def _among(table: Table, campaign: str, places: Places) -> list[ColumnElement[bool]]:
    """The rows about these prospects, whether they were on the list when they were written or not."""
    positions = {position for position, _ in places}
    keys = [key for _, key in places]
    return [table.c.campaign == campaign, table.c.position.in_([UNLISTED, *positions]), table.c.prospect.in_(keys)]

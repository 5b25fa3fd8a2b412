"""Sums over a whole campaign, as whoever watches it asks for them: from indexes, so that no document is read."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy import case, func, select

from miniatures.datamodel.draft import DraftStatus
from miniatures.datamodel.review import Review
from miniatures.store.engine import Database
from miniatures.store.spending import Spending, spending_of, summed
from miniatures.store.steps import is_first
from miniatures.store.stored import stored
from miniatures.store.tables import holders, results, reviews, traces

_PAGE = 500
_STATUSES = frozenset(DraftStatus)
_WRITTEN = (DraftStatus.READY, DraftStatus.NEEDS_REVIEW)


class Step(StrEnum):
    """How long a stretch of time is counted together."""

    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"
    MONTH = "month"

    @property
    def letters(self) -> int:
        """How much of a written moment all moments of one stretch share."""
        return {Step.MINUTE: 16, Step.HOUR: 13, Step.DAY: 10, Step.MONTH: 7}[self]


@dataclass(frozen=True)
class SavedOutcome:
    """What a run left for a prospect (by key), and, where that is no draft, the JSON that says why."""

    revision: int
    prospect: str
    row: str
    status: DraftStatus
    document: str


@dataclass(frozen=True)
class Holder:
    """Which process took the campaign last."""

    pid: int
    host: str
    started_at: datetime

    @property
    def is_alive(self) -> bool | None:
        """Whether that process is still there; None where this machine cannot tell."""
        if os.name != "posix" or self.host != socket.gethostname():
            return None
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
        return True


class Tallies:
    """What can be asked of a campaign as a whole."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def spent_by_role(self, campaign: str) -> dict[tuple[str, str], Spending]:
        """What the model calls so far used, by role and backend identity."""
        columns = traces.c
        query = select(columns.role, columns.backend, *summed()).where(columns.campaign == campaign)
        with self._database.read() as connection:
            rows = connection.execute(query.group_by(columns.backend, columns.role)).all()
        return {(row[0], row[1]): spending_of(row[2:]) for row in rows}

    def saved_between(self, campaign: str) -> tuple[datetime, datetime] | None:
        """When the first and the last result of a campaign were saved; None without any."""
        when = results.c.updated_at
        query = select(func.min(when), func.max(when)).where(results.c.campaign == campaign)
        with self._database.read() as connection:
            first, last = connection.execute(query).one()
        return None if first is None else (first, last)

    def outcomes_over_time(self, campaign: str, step: Step) -> dict[datetime, dict[DraftStatus, int]]:
        """How many prospects came out how, by when each stretch of time (in UTC) began; empty ones are left out.

        Follow-ups are no outcomes of their own here and in `outcomes_since`.
        """
        when = results.c.updated_at
        written = when if self._database.path else func.to_char(func.timezone("UTC", when), "YYYY-MM-DD HH24:MI")
        began = func.substr(written, 1, step.letters).label("began")
        firsts = results.c.campaign == campaign, is_first(results.c.policy)
        saved = select(began, results.c.status).where(*firsts).subquery()
        query = select(saved.c.began, saved.c.status, func.count()).group_by(saved.c.began, saved.c.status)
        found: dict[datetime, dict[DraftStatus, int]] = {}
        with self._database.read() as connection:
            for text, status, count in connection.execute(query.order_by(saved.c.began)):
                if status in _STATUSES:
                    found.setdefault(_moment(text), {})[DraftStatus(status)] = count
        return found

    def outcomes_since(self, campaign: str, revision: int, most: int = 500) -> list[SavedOutcome]:
        """The results that were saved after a revision, in its order: at most so many."""
        columns = results.c
        why = case((columns.status.in_(_WRITTEN), ""), else_=columns.document)
        query = select(columns.revision, columns.prospect, columns.row, columns.status, why)
        query = query.where(columns.campaign == campaign, columns.revision > revision, is_first(columns.policy))
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(columns.revision).limit(most)).all()
        return [
            SavedOutcome(*row[:3], DraftStatus(row[3]) if row[3] in _STATUSES else DraftStatus.FAILED, row[4])
            for row in rows
        ]

    def review_ids(self, campaign: str) -> set[str]:
        """The ids of a campaign's reviews."""
        with self._database.read() as connection:
            return set(connection.scalars(select(reviews.c.id).where(reviews.c.campaign == campaign)))

    def review_count(self, campaign: str) -> int:
        """How many reviews a campaign has."""
        with self._database.read() as connection:
            return connection.scalar(select(func.count()).where(reviews.c.campaign == campaign)) or 0

    def reviews_named(self, ids: Iterable[str]) -> Iterator[Review]:
        """These reviews, oldest first; without those that are not saved."""
        columns, named = reviews.c, sorted(ids)
        for start in range(0, len(named), _PAGE):
            page = columns.id.in_(named[start : start + _PAGE])
            with self._database.read() as connection:
                rows = connection.execute(select(columns.id, columns.document).where(page).order_by(columns.id)).all()
            read = (stored(Review, row.document, f"reviews {row.id}") for row in rows)
            yield from (review for review in read if review is not None)

    def holder(self, campaign: str) -> Holder | None:
        """Which process took the campaign last."""
        columns = holders.c
        query = select(columns.pid, columns.host, columns.started_at).where(columns.campaign == campaign)
        with self._database.read() as connection:
            row = connection.execute(query).first()
        return None if row is None else Holder(*row)


def _moment(text: str) -> datetime:
    """When a stretch of time began, from as much of it as its moments share."""
    return datetime.fromisoformat(text if len(text) > Step.MONTH.letters else f"{text}-01").replace(tzinfo=UTC)

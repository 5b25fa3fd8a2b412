"""Puts approved emails into the outbox, each step of a prospect once, and tells which it would put there.

Only people's decisions make room for another text: an email that was taken back for one, or that still waits and was
queued before one, gives way to what they decided.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, or_, select

from miniatures.datamodel.message import CancelReason, Message, MessageState
from miniatures.store.mail.transitions import note
from miniatures.store.mail_tables import messages
from miniatures.store.upsert import insert_into

_KEY = ("campaign", "prospect", "step")


def insert(connection: Connection, rows: Sequence[Mapping[str, Any]], now: datetime) -> int:
    """Queue the rows that are missing; returns how many were."""
    columns = messages.c
    statement = insert_into(connection, messages)
    taken_back = and_(columns.state == MessageState.CANCELLED, columns.why == CancelReason.DECIDED_ANEW)
    outdated = and_(columns.state == MessageState.QUEUED, columns.decisions != statement.excluded.decisions)
    changed = {column.name: statement.excluded[column.name] for column in columns if column.name not in _KEY}
    statement = statement.on_conflict_do_update(index_elements=_KEY, set_=changed, where=or_(taken_back, outdated))
    new = connection.execute(statement.returning(columns.campaign, columns.prospect, columns.id), rows).all()
    note(connection, new, MessageState.QUEUED, now, "")
    return len(new)


def missing(connection: Connection, asked: Sequence[Message], decisions: Mapping[str, int]) -> list[Message]:
    """Those of some emails of one campaign that `insert` would queue."""
    columns = messages.c
    mine = columns.campaign == asked[0].campaign, columns.prospect.in_({one.prospect for one in asked})
    named = (columns.prospect, columns.step, columns.state, columns.why, columns.decisions)
    kept = {
        (prospect, step)
        for prospect, step, state, why, known in connection.execute(select(*named).where(*mine))
        if not _gives_way(state, why, known != decisions.get(prospect, 0))
    }
    return [one for one in asked if (one.prospect, one.step) not in kept]


def _gives_way(state: str, why: str, is_outdated: bool) -> bool:
    if state == MessageState.CANCELLED:
        return why == CancelReason.DECIDED_ANEW
    return state == MessageState.QUEUED and is_outdated

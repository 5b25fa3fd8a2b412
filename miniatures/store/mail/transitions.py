"""Moves emails from state to state and keeps each move: the log says when a message came where, and why."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, insert, update

from miniatures.datamodel.message import MessageState
from miniatures.datamodel.trace import new_id
from miniatures.store.mail_tables import mail_events, messages


def move(
    connection: Connection,
    asked: Collection[ColumnElement[bool]],
    state: MessageState,
    now: datetime,
    why: str,
    changed: Mapping[str, Any] | None = None,
) -> int:
    """Move the rows that are asked for and note it; returns how many there were. Only what is being sent keeps its
    sender."""
    values: dict[str, Any] = {"state": state, "why": why, **(changed or {})}
    if state is not MessageState.SENDING:
        values["sender"] = None
    columns = messages.c
    moved = update(messages).where(*asked).values(**values).returning(columns.campaign, columns.prospect, columns.id)
    rows = connection.execute(moved).all()
    note(connection, rows, state, now, why)
    return len(rows)


def note(connection: Connection, rows: Sequence[Row[Any]], state: MessageState, now: datetime, why: str) -> None:
    """Keep that these emails came into a state; each row has a campaign, a prospect and an id."""
    events = [
        {
            "id": new_id(),
            "campaign": row.campaign,
            "prospect": row.prospect,
            "message": row.id,
            "state": state,
            "at": now,
            "why": why,
        }
        for row in rows
    ]
    if events:
        connection.execute(insert(mail_events), events)

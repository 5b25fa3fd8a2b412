"""Moves emails from state to state and keeps each move: the log says when a message came where, and why.

Only a claim leaves no line: nothing has happened to the email yet.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, bindparam, insert, or_, update

from miniatures.datamodel.message import Message, MessageState, OutboxRow, ServerReply
from miniatures.datamodel.trace import new_id
from miniatures.store.documents import model_json
from miniatures.store.mail_tables import mail_events, messages


def move(
    connection: Connection,
    asked: Collection[ColumnElement[bool]],
    state: MessageState,
    now: datetime,
    why: str,
    changed: Mapping[str, Any] | None = None,
) -> Sequence[Row[Any]]:
    """Move the rows that are asked for and note it; returns them. Only what is being sent keeps its sender."""
    values: dict[str, Any] = {"state": state, "why": why, **(changed or {})}
    if state is not MessageState.SENDING:
        values["sender"] = None
    columns = messages.c
    moved = update(messages).where(*asked).values(**values).returning(columns.campaign, columns.prospect, columns.id)
    rows = connection.execute(moved).all()
    note(connection, rows, state, now, why)
    return rows


@dataclass(frozen=True)
class Settled:
    """What a server said of one email, and the state that follows."""

    row: OutboxRow
    state: MessageState
    answer: ServerReply


def settle(connection: Connection, settled: Sequence[Settled], sender: str, now: datetime) -> None:
    """Settle many emails with one statement; each is found by its key and let go by its sender, or by nobody who knows
    better: a sender whose database was away for a while is taken for dead, and what it was sending for uncertain."""
    columns = messages.c
    key = columns.campaign == bindparam("_campaign"), columns.prospect == bindparam("_prospect")
    held = or_(columns.sender == sender, columns.state == MessageState.UNCERTAIN)
    mine = *key, columns.step == bindparam("_step"), held
    names = ("state", "answer", "why", "sent_at")
    values: dict[Any, Any] = {columns[name]: bindparam(f"_{name}", type_=columns[name].type) for name in names}
    values |= {columns.sender: None, columns.attempts: columns.attempts + 1}
    connection.execute(update(messages).where(*mine).values(values), [_parameters(one, now) for one in settled])
    events = [_event(one.row.message, one.state, now, one.answer.line) for one in settled]
    connection.execute(insert(mail_events), events)


def _parameters(one: Settled, now: datetime) -> dict[str, Any]:
    message = one.row.message
    return {
        "_campaign": message.campaign,
        "_prospect": message.prospect,
        "_step": message.step,
        "_state": one.state,
        "_answer": model_json(one.answer),
        "_why": one.answer.line,
        "_sent_at": now if one.state is MessageState.ACCEPTED else None,
    }


def _event(message: Message, state: MessageState, now: datetime, why: str) -> dict[str, Any]:
    about = {"campaign": message.campaign, "prospect": message.prospect, "message": message.id}
    return {"id": new_id(), **about, "state": state, "at": now, "why": why}


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

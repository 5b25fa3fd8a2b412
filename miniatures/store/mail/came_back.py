"""Reads what came back to the emails of some prospects, and counts what came back to all."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, select

from miniatures.datamodel.hit import Hit, HitKind
from miniatures.datamodel.inbound import Inbound
from miniatures.store.mail_tables import hits, inbound
from miniatures.store.stored import stored

PRESSED = hits.c.kind == HitKind.UNSUBSCRIBE_POST
"""Of a hit: that it opts out on the page that an email links to."""


def mails_of(connection: Connection, campaign: str, prospects: Collection[str]) -> Iterator[tuple[str, Inbound]]:
    """Each mail that came from these prospects (by key), with whose it is, the oldest first."""
    columns = inbound.c
    asked = columns.campaign == campaign, columns.prospect.in_(prospects)
    query = select(columns.prospect, columns.id, columns.document).where(*asked)
    for prospect, id, document in connection.execute(query.order_by(columns.received_at, columns.id)):
        if mail := stored(Inbound, document, f"inbound {id}"):
            yield prospect, mail.model_copy(update={"id": id})


def opt_outs_of(connection: Connection, campaign: str, prospects: Collection[str]) -> Iterator[tuple[str, Hit]]:
    """Each hit by which one of these prospects (by key) opted out, with whose it is."""
    asked = hits.c.campaign == campaign, hits.c.prospect.in_(prospects), PRESSED
    for prospect, id, document in connection.execute(select(hits.c.prospect, hits.c.id, hits.c.document).where(*asked)):
        if hit := stored(Hit, document, f"hits {id}"):
            yield prospect, hit


def mails_by_meaning(campaign: str, meaning: ColumnElement[str]) -> Select[*tuple[Any, ...]]:
    """How many mails of each kind came, by what somebody took them for; `meaning` is the column of that."""
    came = select(inbound.c.kind, meaning.label("meaning")).where(inbound.c.campaign == campaign).subquery().c
    return select(*came, func.count()).group_by(*came).order_by(*came)

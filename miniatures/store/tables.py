"""The tables. What a row is about is one JSON document; the columns beside it are what queries look for.

Each column says at which path of the written JSON its value stands (`bulk.py` cuts it out in the database), so a
column can never disagree with its document, and a new field of a Pydantic class needs no migration.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    DateTime,
    Dialect,
    Float,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    select,
)
from sqlalchemy.types import TypeEngine

PATH = "path"
"""Key of a column's `info`: where its value stands in the JSON that is written."""

WHOLE = "whole"
"""Key of a column's `info`: it takes the JSON text that stands there, not the value that the text means."""

LOOKED_UP = "looked_up"
"""Key of a column's `info`: its value is not written but looked up, as the prospect's position in the list."""

UNLISTED = -1
"""The position of what is about nobody on the list."""


class UtcTime(TypeDecorator[datetime]):
    """A moment, kept in UTC. SQLite has no time zones, so there the zone is put back when the row is read."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _taken(
    name: str,
    kind: type[TypeEngine[Any]],
    path: str = "",
    *,
    key: bool = False,
    null: bool = False,
) -> Column[Any]:
    """A column whose value stands at `path` of the written JSON; at its own name if no path is given."""
    return Column(name, kind, primary_key=key, nullable=null, info={PATH: tuple((path or name).split("."))})


def _document() -> Column[Any]:
    """The JSON text that the row is about."""
    return Column("document", Text, nullable=False, info={PATH: ("document",), WHOLE: True})


def _position(*, key: bool = False) -> Column[Any]:
    """Its prospect's position in the list.

    Keys of prospects are hashes: in an index by them each prospect is on another page, and writing one costs as many
    pages as there are rows. Prospects are worked on in the order of the list, so by position all that is written
    together lies together. It stands before the prospect in every key and index.
    """
    return Column("position", Integer, primary_key=key, nullable=False, info={LOOKED_UP: True})


metadata = MetaData()

prospects = Table(
    "prospects",
    metadata,
    _taken("campaign", Text, key=True),
    _taken("prospect", Text, key=True),
    _taken("position", Integer),
    Column("claimed_by", Text),
    _document(),
    Index("prospects_in_order", "campaign", "position", "prospect"),
)

policies = Table(
    "policies",
    metadata,
    _taken("hash", Text, key=True),
    _taken("first_used_at", UtcTime),
    _document(),
)

stages = Table(
    "stages",
    metadata,
    _taken("campaign", Text, key=True),
    _position(key=True),
    _taken("prospect", Text, key=True),
    _taken("stage", Text, key=True),
    _taken("inputs", Text, key=True),
    _document(),
)

results = Table(
    "results",
    metadata,
    _taken("campaign", Text, key=True),
    _position(key=True),
    _taken("prospect", Text, key=True),
    _taken("policy", Text, "document.policy", key=True),
    _taken("revision", BigInteger),
    _taken("row", Text),
    _taken("status", Text, "document.status"),
    _taken("draft", Text, "document.draft.id", null=True),
    _taken("trace", Text, "document.draft.trace", null=True),
    _taken("backend", Text, "document.draft.backend", null=True),
    _taken("input_tokens", BigInteger, "document.bill.usage.input_tokens"),
    _taken("output_tokens", BigInteger, "document.bill.usage.output_tokens"),
    _taken("cost_usd", Float, "document.bill.cost_usd", null=True),
    _taken("seconds", Float, "document.seconds"),
    _taken("updated_at", UtcTime),
    _document(),
    ForeignKeyConstraint(
        ["campaign", "prospect"], ["prospects.campaign", "prospects.prospect"], name="results_prospect"
    ),
    Index("results_by_revision", "campaign", "position", "prospect", "revision", "policy", "status"),
    Index("results_in_time", "campaign", "revision", "status", "updated_at", "policy"),
)

drafts = Table(
    "drafts",
    metadata,
    _taken("id", Text, key=True),
    _taken("campaign", Text),
    _position(),
    _taken("prospect", Text, null=True),
    _taken("policy", Text),
    _taken("trace", Text, null=True),
    _taken("status", Text),
    _taken("text_hash", Text),
    _taken("revision", BigInteger),
    Index("drafts_of_campaign", "campaign", "status"),
    Index("drafts_by_revision", "campaign", "revision"),
)
"""What may be judged: one small row for each draft, in the order of their revisions; the draft itself is elsewhere."""

traces = Table(
    "traces",
    metadata,
    _taken("id", Text, "document.id", key=True),
    _taken("campaign", Text, "document.campaign"),
    _position(),
    _taken("prospect", Text, "document.prospect", null=True),
    _taken("policy", Text, "document.policy"),
    _taken("role", Text, "document.role"),
    _taken("seat", Text, "document.seat"),
    _taken("node", Text, "document.node"),
    _taken("prompt", Text, "document.prompt_name", null=True),
    _taken("backend", Text),
    _taken("input_tokens", BigInteger, "document.bill.usage.input_tokens"),
    _taken("output_tokens", BigInteger, "document.bill.usage.output_tokens"),
    _taken("cached_tokens", BigInteger, "document.bill.usage.cached_tokens"),
    _taken("cost_usd", Float, "document.bill.cost_usd", null=True),
    _taken("started_at", UtcTime, "document.started_at"),
    _document(),
    Index("traces_of_prospect", "campaign", "position", "prospect"),
    Index(
        "traces_spending",
        "campaign",
        "backend",
        "role",
        "position",
        "input_tokens",
        "output_tokens",
        "cached_tokens",
        "cost_usd",
    ),
)

spans = Table(
    "spans",
    metadata,
    _taken("id", Text, "document.id", key=True),
    _taken("campaign", Text, "document.campaign"),
    _position(),
    _taken("prospect", Text, "document.prospect", null=True),
    _taken("kind", Text, "document.kind"),
    _taken("name", Text, "document.name"),
    _taken("error", Text, "document.error", null=True),
    _taken("total_ms", Float, "document.total_ms"),
    _taken("started_at", UtcTime, "document.started_at"),
    _document(),
    Index("spans_of_prospect", "campaign", "position", "prospect"),
)

reviews = Table(
    "reviews",
    metadata,
    _taken("id", Text, "document.id", key=True),
    _taken("campaign", Text, "document.campaign", null=True),
    _taken("prospect", Text, "document.prospect", null=True),
    _taken("reviewer", Text, "document.reviewer"),
    _taken("trace", Text, "document.trace"),
    _taken("draft", Text, "document.draft", null=True),
    _taken("action", Text, "document.action"),
    _taken("created_at", UtcTime, "document.created_at"),
    _document(),
    Index("reviews_of_campaign", "campaign", "reviewer"),
    Index("reviews_of_draft", "draft", "reviewer", "action"),
    Index("reviews_of_prospect", "campaign", "prospect", "id"),
    Index("reviews_in_time", "campaign", "created_at", "prospect", "id"),
)

claims = Table(
    "claims",
    metadata,
    Column("draft", Text, primary_key=True),
    Column("campaign", Text, nullable=False),
    Column("reviewer", Text, nullable=False),
    Column("until", UtcTime, nullable=False),
    Index("claims_of_campaign", "campaign"),
)
"""Who has a draft before them just now: it spares two people one draft, and is not what guards their decisions."""

budgets = Table(
    "budgets",
    metadata,
    _taken("campaign", Text, key=True),
    _taken("account", Text, key=True),
    _taken("tokens", BigInteger),
    _taken("usd", Float),
)
"""What counts against each budget while a run goes on; the next run begins anew from what the traces say."""

reservations = Table(
    "reservations",
    metadata,
    Column("name", Text, primary_key=True),
    Column("campaign", Text, primary_key=True),
    Column("account", Text, primary_key=True),
    Column("run", Text, nullable=False),
    Column("tokens", BigInteger, nullable=False),
    Column("usd", Float, nullable=False),
    Index("reservations_of_account", "campaign", "account"),
)

runs = Table(
    "runs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("campaign", Text, nullable=False),
    Column("policy", Text, nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime),
    Column("outcome", Text),
    Index("runs_of_campaign", "campaign", "id"),
)

holders = Table(
    "holders",
    metadata,
    Column("campaign", Text, primary_key=True),
    Column("pid", Integer, nullable=False),
    Column("host", Text, nullable=False),
    Column("started_at", UtcTime, nullable=False),
)
"""Who last took a campaign's lock. It only names the holder; the lock itself is the operating system's or server's."""


def about(table: Table, campaign: str, prospect: str | None = None) -> list[ColumnElement[bool]]:
    """The rows of a campaign, or of one prospect (by key) whether it was on the list when they were written or not."""
    of_campaign = table.c.campaign == campaign
    if prospect is None:
        return [of_campaign]
    listed = select(prospects.c.position).where(prospects.c.campaign == campaign, prospects.c.prospect == prospect)
    return [of_campaign, table.c.position.in_([UNLISTED, listed.scalar_subquery()]), table.c.prospect == prospect]

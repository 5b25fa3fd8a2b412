"""The tables of schema 0002, as stores that were written with it have them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


def create_schema() -> None:
    """In Alembic's present context."""
    _create_prospects_and_stages()
    _create_results()
    _create_traces()
    _create_spans()
    _create_runs_and_holders()
    _create_reviews()


def _create_prospects_and_stages() -> None:
    op.create_table(
        "prospects",
        sa.Column("campaign", sa.Text, primary_key=True),
        sa.Column("prospect", sa.Text, primary_key=True),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
    )
    op.create_index("prospects_in_order", "prospects", ["campaign", "position", "prospect"])
    op.create_table(
        "stages",
        sa.Column("campaign", sa.Text, primary_key=True),
        sa.Column("prospect", sa.Text, primary_key=True),
        sa.Column("stage", sa.Text, primary_key=True),
        sa.Column("inputs", sa.Text, primary_key=True),
        sa.Column("document", sa.Text, nullable=False),
    )


def _create_results() -> None:
    op.create_table(
        "results",
        sa.Column("campaign", sa.Text, primary_key=True),
        sa.Column("prospect", sa.Text, primary_key=True),
        sa.Column("policy", sa.Text, primary_key=True),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("backend", sa.Text),
        sa.Column("input_tokens", sa.BigInteger, nullable=False),
        sa.Column("output_tokens", sa.BigInteger, nullable=False),
        sa.Column("cost_usd", sa.Float),
        sa.Column("seconds", sa.Float, nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign", "prospect"], ["prospects.campaign", "prospects.prospect"], name="results_prospect"
        ),
    )
    op.create_index("results_by_revision", "results", ["campaign", "prospect", "revision", "policy", "status"])


def _create_traces() -> None:
    op.create_table(
        "traces",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("campaign", sa.Text, nullable=False),
        sa.Column("prospect", sa.Text),
        sa.Column("backend", sa.Text, nullable=False),
        sa.Column("input_tokens", sa.BigInteger, nullable=False),
        sa.Column("output_tokens", sa.BigInteger, nullable=False),
        sa.Column("cached_tokens", sa.BigInteger, nullable=False),
        sa.Column("cost_usd", sa.Float),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("document", sa.Text, nullable=False),
    )
    op.create_index("traces_of_prospect", "traces", ["campaign", "prospect"])
    spending = ["campaign", "backend", "input_tokens", "output_tokens", "cached_tokens", "cost_usd"]
    op.create_index("traces_spending", "traces", spending)


def _create_spans() -> None:
    op.create_table(
        "spans",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("campaign", sa.Text, nullable=False),
        sa.Column("prospect", sa.Text),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("error", sa.Text),
        sa.Column("total_ms", sa.Float, nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("document", sa.Text, nullable=False),
    )
    op.create_index("spans_of_prospect", "spans", ["campaign", "prospect"])


def _create_runs_and_holders() -> None:
    op.create_table(
        "runs",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("campaign", sa.Text, nullable=False),
        sa.Column("policy", sa.Text, nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("outcome", sa.Text),
    )
    op.create_index("runs_of_campaign", "runs", ["campaign", "id"])
    op.create_table(
        "holders",
        sa.Column("campaign", sa.Text, primary_key=True),
        sa.Column("pid", sa.Integer, nullable=False),
        sa.Column("host", sa.Text, nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
    )


def _create_reviews() -> None:
    op.create_table(
        "reviews",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("campaign", sa.Text),
        sa.Column("prospect", sa.Text),
        sa.Column("reviewer", sa.Text, nullable=False),
        sa.Column("trace", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("document", sa.Text, nullable=False),
    )
    op.create_index("reviews_of_campaign", "reviews", ["campaign", "reviewer"])

"""What was found by equal words is linked by name, what was searched in documents has columns, and runs can share.

Finished stages are dropped: their keys hashed a backend's profile and a prompt's version as no policy names them any
more, so none could be recalled. Keys and indexes by prospect begin with the prospect's position.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from miniatures.datamodel.hashing import content_hash
from miniatures.store.migrations.old_documents import Calls, Document

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_tables()
    _add_columns()
    _rewrite()
    _index_anew()


def _create_tables() -> None:
    op.create_table(
        "policies",
        sa.Column("hash", sa.Text, primary_key=True),
        sa.Column("first_used_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("document", sa.Text, nullable=False),
    )
    op.create_table(
        "drafts",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("campaign", sa.Text, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("prospect", sa.Text),
        sa.Column("policy", sa.Text, nullable=False),
        sa.Column("trace", sa.Text),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("text_hash", sa.Text, nullable=False),
        sa.Column("revision", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "budgets",
        sa.Column("campaign", sa.Text, primary_key=True),
        sa.Column("account", sa.Text, primary_key=True),
        sa.Column("tokens", sa.BigInteger, nullable=False),
        sa.Column("usd", sa.Float, nullable=False),
    )
    op.create_table(
        "reservations",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("campaign", sa.Text, primary_key=True),
        sa.Column("account", sa.Text, primary_key=True),
        sa.Column("run", sa.Text, nullable=False),
        sa.Column("tokens", sa.BigInteger, nullable=False),
        sa.Column("usd", sa.Float, nullable=False),
    )
    op.drop_table("stages")
    op.create_table("stages", *_keyed("stage", "inputs"), sa.Column("document", sa.Text, nullable=False))
    op.drop_index("results_by_revision", "results")
    op.rename_table("results", "old_results")
    op.create_table(
        "results",
        *_keyed("policy"),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.Column("row", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("draft", sa.Text),
        sa.Column("trace", sa.Text),
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


def _keyed(*names: str) -> Iterator[sa.Column[Any]]:
    yield sa.Column("campaign", sa.Text, primary_key=True)
    yield sa.Column("position", sa.Integer, primary_key=True)
    for name in ("prospect", *names):
        yield sa.Column(name, sa.Text, primary_key=True)


def _add_columns() -> None:
    op.add_column("prospects", sa.Column("claimed_by", sa.Text))
    op.add_column("reviews", sa.Column("draft", sa.Text))
    for name in ("policy", "role", "seat", "node"):
        op.add_column("traces", sa.Column(name, sa.Text, nullable=False, server_default=""))
    op.add_column("traces", sa.Column("prompt", sa.Text))
    for table in ("traces", "spans"):
        op.add_column(table, sa.Column("position", sa.Integer, nullable=False, server_default="-1"))
        op.execute(
            f"UPDATE {table} SET position = coalesce((SELECT p.position FROM prospects p"
            f" WHERE p.campaign = {table}.campaign AND p.prospect = {table}.prospect), -1)"
        )


def _index_anew() -> None:
    about = ["campaign", "position", "prospect"]
    for table in ("traces", "spans"):
        op.drop_index(f"{table}_of_prospect", table)
        op.create_index(f"{table}_of_prospect", table, about)
    op.drop_index("traces_spending", "traces")
    spent = ["input_tokens", "output_tokens", "cached_tokens", "cost_usd"]
    op.create_index("traces_spending", "traces", ["campaign", "backend", "position", *spent])
    op.create_index("results_by_revision", "results", [*about, "revision", "policy", "status"])
    op.create_index("drafts_of_campaign", "drafts", ["campaign", "status"])
    op.create_index("reviews_of_draft", "reviews", ["draft", "reviewer", "action"])
    op.create_index("reservations_of_account", "reservations", ["campaign", "account"])


def _rewrite() -> None:
    """Prospect by prospect, so that memory stays flat however long the campaign was."""
    connection = op.get_bind()
    tables = sa.MetaData()
    tables.reflect(connection)
    traces, old, new, drafts = (tables.tables[name] for name in ("traces", "old_results", "results", "drafts"))
    policies = {run.id: run.policy for run in connection.execute(sa.select(tables.tables["runs"]))}
    keys = sa.union(sa.select(traces.c.campaign, traces.c.prospect), sa.select(old.c.campaign, old.c.prospect))
    rewrite = sa.update(traces).where(traces.c.id == sa.bindparam("of"))
    for campaign, prospect in connection.execute(keys).all():
        asked = sa.select(traces.c.document).where(traces.c.campaign == campaign, traces.c.prospect == prospect)
        texts = connection.scalars(asked.order_by(traces.c.id)).all()
        calls = Calls(map(json.loads, texts), policies)
        if calls.traces:
            connection.execute(rewrite, [_trace_values(trace) for trace in calls.traces])
        about = old.c.campaign == campaign, old.c.prospect == prospect
        found = connection.execute(sa.select(old).where(*about).order_by(old.c.revision)).all()
        for row in found:
            position = sa.select(tables.tables["prospects"].c.position).where(
                tables.tables["prospects"].c.campaign == campaign, tables.tables["prospects"].c.prospect == prospect
            )
            result = calls.result(json.loads(row.document))
            where = {"campaign": campaign, "prospect": prospect, "position": connection.scalar(position)}
            connection.execute(sa.insert(new), {**row._mapping, **where, **_result_values(result)})
            if (draft := result["draft"]) and draft["body"].strip():
                connection.execute(sa.delete(drafts).where(drafts.c.id == draft["id"]))
                connection.execute(sa.insert(drafts), where | _draft_values(result) | {"revision": row.revision})
    op.drop_table("old_results")
    _link_reviews(connection, tables.tables["reviews"], traces)


def _trace_values(trace: Document) -> dict[str, Any]:
    columns = {name: trace[name] for name in ("policy", "role", "seat", "node")}
    return {"of": trace["id"], "prompt": trace["prompt_name"], "document": _text(trace), **columns}


def _result_values(result: Document) -> dict[str, Any]:
    draft = result["draft"] or {}
    links = {"draft": draft.get("id"), "trace": draft.get("trace")}
    return {"row": content_hash(result["prospect"])[:16], "document": _text(result), **links}


def _draft_values(result: Document) -> dict[str, Any]:
    draft = result["draft"]
    text = {name: draft[name] for name in ("subject", "body")}
    links = {name: draft[name] for name in ("id", "trace", "status")}
    return {"policy": result["policy"], "text_hash": content_hash(text), **links}


def _link_reviews(connection: sa.Connection, reviews: sa.Table, traces: sa.Table) -> None:
    """A draft has the id of the call that wrote it, so the call that was judged names the draft that was judged."""
    judged = sa.select(reviews.c.id, reviews.c.trace, reviews.c.document).where(reviews.c.action != "compare")
    for id_, trace, document in connection.execute(judged).all():
        prompt = connection.scalar(sa.select(traces.c.prompt).where(traces.c.id == trace))
        if prompt == "writer":
            linked = {"draft": trace, "document": _text({**json.loads(document), "draft": trace})}
            connection.execute(sa.update(reviews).where(reviews.c.id == id_).values(linked))


def _text(document: Document) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))

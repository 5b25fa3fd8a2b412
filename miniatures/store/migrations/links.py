"""What was found by equal words is linked by name, what was searched in documents has columns, and runs can share.

Finished stages are dropped: their keys hashed a backend's profile and a prompt's version as no policy names them any
more, so none could be recalled. Keys and indexes by prospect begin with the prospect's position.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from alembic import op
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext

from miniatures.datamodel.hashing import content_hash
from miniatures.store.migrations.old_documents import Calls, Document
from miniatures.store.tables import (
    UtcTime,
    budgets,
    drafts,
    policies,
    prospects,
    reservations,
    results,
    reviews,
    runs,
    spans,
    stages,
    traces,
)

_DAMAGED = (ValueError, TypeError, KeyError, AttributeError, RecursionError)
"""What rewriting a document raises that is none, or lacks what each had."""


def upgrade(connection: sa.Connection) -> None:
    """Bring schema 0002 to 0003."""
    with Operations.context(MigrationContext.configure(connection)):
        _create_tables(connection)
        _add_columns()
        _rewrite(connection)
        _index_anew(connection)


def _create_tables(connection: sa.Connection) -> None:
    """Those that are new or have another key, as `tables.py` has them; the old results stay until rewritten."""
    op.drop_table("stages")
    op.drop_index("results_by_revision", "results")
    op.rename_table("results", "old_results")
    for table in (policies, drafts, budgets, reservations, stages, results):
        table.create(connection)


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


def _index_anew(connection: sa.Connection) -> None:
    for name, table in (
        ("traces_of_prospect", "traces"),
        ("spans_of_prospect", "spans"),
        ("traces_spending", "traces"),
    ):
        op.drop_index(name, table)
    for index in (*traces.indexes, *spans.indexes):
        index.create(connection)
    op.create_index("reviews_of_draft", "reviews", ["draft", "reviewer", "action"])


def _rewrite(connection: sa.Connection) -> None:
    """Prospect by prospect, so that memory stays flat however long the campaign was."""
    old = sa.Table("old_results", sa.MetaData(), sa.Column("updated_at", UtcTime), autoload_with=connection)
    policy_of = {run.id: run.policy for run in connection.execute(sa.select(runs))}
    keys = sa.union(sa.select(traces.c.campaign, traces.c.prospect), sa.select(old.c.campaign, old.c.prospect))
    rewrite = sa.update(traces).where(traces.c.id == sa.bindparam("of"))
    for campaign, prospect in connection.execute(keys).all():
        asked = sa.select(traces.c.document).where(traces.c.campaign == campaign, traces.c.prospect == prospect)
        found = connection.scalars(asked.order_by(traces.c.id)).all()
        calls = Calls([json.loads(text) for text in found if _is_whole(text, policy_of)], policy_of)
        if calls.traces:
            connection.execute(rewrite, [_trace_values(trace) for trace in calls.traces])
        listed = prospects.c.campaign == campaign, prospects.c.prospect == prospect
        position = connection.scalar(sa.select(prospects.c.position).where(*listed))
        where = {"campaign": campaign, "prospect": prospect, "position": position}
        saved = sa.select(old).where(old.c.campaign == campaign, old.c.prospect == prospect).order_by(old.c.revision)
        for row in connection.execute(saved).all():
            values, draft = _rewritten(calls, row.document)
            connection.execute(sa.insert(results), {**row._mapping, **where, **values})
            if draft is not None:
                connection.execute(sa.delete(drafts).where(drafts.c.id == draft["id"]))
                connection.execute(sa.insert(drafts), where | draft | {"revision": row.revision})
    op.drop_table("old_results")
    _link_reviews(connection)


def _is_whole(text: str, policy_of: Mapping[str, str]) -> bool:
    """Whether a call can be rewritten; a damaged one stays as it is, and whoever reads it is told."""
    try:
        Calls([json.loads(text)], policy_of)
    except _DAMAGED:
        return False
    return True


def _rewritten(calls: Calls, text: str) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """The columns of a result, and of its draft if it has one; of a damaged result its text, as it is."""
    try:
        result = calls.result(json.loads(text))
        has_draft = result["draft"] and result["draft"]["body"].strip()
        return _result_values(result), _draft_values(result) if has_draft else None
    except _DAMAGED:
        return {"row": "", "document": text, "draft": None, "trace": None}, None


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


def _link_reviews(connection: sa.Connection) -> None:
    """A draft has the id of the call that wrote it, so the call that was judged names the draft that was judged."""
    judged = sa.select(reviews.c.id, reviews.c.trace, reviews.c.document).where(reviews.c.action != "compare")
    for id_, trace, document in connection.execute(judged).all():
        prompt = connection.scalar(sa.select(traces.c.prompt).where(traces.c.id == trace))
        if prompt == "writer":
            linked = {"draft": trace, "document": _linked(document, trace)}
            connection.execute(sa.update(reviews).where(reviews.c.id == id_).values(linked))


def _linked(document: str, draft: str) -> str:
    """A review that names its draft; a damaged one as it is."""
    try:
        return _text({**json.loads(document), "draft": draft})
    except _DAMAGED:
        return document


def _text(document: Document) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))

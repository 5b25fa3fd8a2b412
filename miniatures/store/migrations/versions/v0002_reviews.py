"""What people said of drafts: one row for each review."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
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

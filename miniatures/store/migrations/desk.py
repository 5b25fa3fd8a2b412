"""Several people at one queue, and a dashboard beside it: who has which draft, and indexes for what both ask.

Nothing that is there changes. A store that came here from schema 0002 has the indexes already, as its tables were made
from those of today.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext

from miniatures.store.tables import claims, drafts, results, reviews, traces

_INDEXES = (
    (drafts, "drafts_by_revision"),
    (results, "results_in_time"),
    (reviews, "reviews_of_prospect"),
    (reviews, "reviews_in_time"),
    (traces, "traces_spending"),
)


def upgrade(connection: sa.Connection) -> None:
    """Bring schema 0003 to 0004."""
    claims.create(connection, checkfirst=True)
    with Operations.context(MigrationContext.configure(connection)):
        op.drop_index("traces_spending", "traces")
        for table, name in _INDEXES:
            index = next(index for index in table.indexes if index.name == name)
            op.create_index(name, table.name, [column.name for column in index.columns], if_not_exists=True)

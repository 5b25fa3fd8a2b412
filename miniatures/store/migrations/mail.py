"""What leaves and what comes back: ten tables that an older store lacks, and an index that knows follow-ups.

No row that is there changes.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext

from miniatures.store.mail_tables import MAIL_TABLES
from miniatures.store.tables import results

_IN_TIME = next(index for index in results.indexes if index.name == "results_in_time")


def upgrade(connection: sa.Connection) -> None:
    """Bring schema 0004 to 0005."""
    for table in MAIL_TABLES:
        table.create(connection, checkfirst=True)
    with Operations.context(MigrationContext.configure(connection)):
        op.drop_index("results_in_time", "results")
        op.create_index("results_in_time", "results", [column.name for column in _IN_TIME.columns])

"""Several people at one queue: who has which draft, and indexes for what a page of the queue asks.

Nothing that is there changes. A store that came here from schema 0002 has the indexes already, as its tables were made
from those of today.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext

from miniatures.store.tables import claims, drafts, reviews


def upgrade(connection: sa.Connection) -> None:
    """Bring schema 0003 to 0004."""
    claims.create(connection, checkfirst=True)
    with Operations.context(MigrationContext.configure(connection)):
        for table, name in ((drafts, "drafts_by_revision"), (reviews, "reviews_of_prospect")):
            index = next(index for index in table.indexes if index.name == name)
            op.create_index(name, table.name, [column.name for column in index.columns], if_not_exists=True)

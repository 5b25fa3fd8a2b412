"""What leaves and what comes back: ten tables that an older store lacks. Nothing that is there changes."""

from __future__ import annotations

import sqlalchemy as sa

from miniatures.store.mail_tables import MAIL_TABLES


def upgrade(connection: sa.Connection) -> None:
    """Bring schema 0004 to 0005."""
    for table in MAIL_TABLES:
        table.create(connection, checkfirst=True)

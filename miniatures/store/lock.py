"""One process at a time works on a campaign. No clock is involved, and a killed process holds nothing.

On SQLite the lock is the operating system's on a file beside the database; on PostgreSQL it is the server's, held by a
connection. Who holds it is written down only so that the refusal can name them.
"""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from sqlalchemy import delete, func, insert, select
from sqlalchemy.exc import SQLAlchemyError

from miniatures.datamodel.errors import CampaignBusy, StoreError
from miniatures.store.engine import Database
from miniatures.store.tables import holders


@contextmanager
def campaign_lock(database: Database, campaign: str, now: datetime) -> Iterator[None]:
    """Hold the campaign for as long as the block runs.

    Raises:
        CampaignBusy: another process, or another block of this one, holds it; names the holder.
        StoreError: the lock or the database cannot be reached.
    """
    with held(database, campaign):
        _name_holder(database, campaign, now)
        yield


@contextmanager
def held(database: Database, name: str) -> Iterator[None]:
    """Hold a name for as long as the block runs: a campaign's, or one of another kind that no campaign can have.

    Raises:
        CampaignBusy: another process, or another block of this one, holds it.
        StoreError: the lock or the database cannot be reached.
    """
    lock = _server_lock if database.path is None else _file_lock
    with lock(database, name):
        yield


@contextmanager
def _file_lock(database: Database, campaign: str) -> Iterator[None]:
    from filelock import FileLock, Timeout

    assert database.path is not None
    lock = FileLock(lock_file(database.path, campaign), thread_local=False)
    if Path(lock.lock_file).is_symlink():
        raise StoreError(f"the lock {lock.lock_file} is a link", hint="Remove it: a lock is a file of its own.")
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise _busy(database, campaign) from error
    except OSError as error:
        hint = "Check the permissions of the folder, and that its file system can lock files."
        raise StoreError(f"the lock {lock.lock_file} cannot be taken: {error.strerror}", hint=hint) from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _server_lock(database: Database, campaign: str) -> Iterator[None]:
    with database.errors_told():
        connection = database.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        taken = connection.scalar(select(func.pg_try_advisory_lock(_lock_number(campaign))))
    try:
        if not taken:
            raise _busy(database, campaign)
        yield
    finally:
        if taken:
            with suppress(SQLAlchemyError, OSError):  # a session that is lost has let go already
                connection.execute(select(func.pg_advisory_unlock(_lock_number(campaign))))
        connection.invalidate()
        connection.close()


def _name_holder(database: Database, campaign: str, now: datetime) -> None:
    row = {"campaign": campaign, "pid": os.getpid(), "host": socket.gethostname(), "started_at": now}
    with database.change() as connection:
        connection.execute(delete(holders).where(holders.c.campaign == campaign))
        connection.execute(insert(holders), row)


def _busy(database: Database, campaign: str) -> CampaignBusy:
    with database.read() as connection:
        holder = connection.execute(select(holders).where(holders.c.campaign == campaign)).first()
    who = "another process"
    if holder is not None:
        who = f"process {holder.pid} on {holder.host}, started at {holder.started_at:%Y-%m-%d %H:%M:%S} UTC"
    return CampaignBusy(
        f"campaign {campaign!r} is being run by {who}", hint="Wait until it ends, or end it; its work is kept."
    )


def lock_file(store: Path, name: str) -> Path:
    """The file whose lock stands for a name, beside the store's."""
    return store.with_name(f"{store.name}.{_file_name(name)}.lock")


def _file_name(campaign: str) -> str:
    """The campaign's name as part of a file name; what may not stand in one is replaced, and a hash keeps it unique."""
    plain = re.sub(r"[^A-Za-z0-9._-]", "_", campaign)[:80]
    return plain if plain == campaign else f"{plain}-{sha256(campaign.encode()).hexdigest()[:8]}"


def _lock_number(campaign: str) -> int:
    """PostgreSQL's advisory locks are named by 64-bit numbers."""
    return int.from_bytes(sha256(f"miniatures/{campaign}".encode()).digest()[:8], signed=True)

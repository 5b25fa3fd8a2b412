"""A store of either kind, and a real mail server for the tests that read mailboxes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from miniatures.store.open import open_store
from miniatures.store.store import Store
from tests.mail_servers.mail_fixtures import mail_server
from tests.store.databases import postgres_server, postgres_url, store_url

__all__ = ["mail_server", "postgres_server", "postgres_url", "store_url"]


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    with open_store(store_url, flushed=True) as opened:
        yield opened

"""Every test of the mail store runs on both databases, with a list of suppressions of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.store.databases import postgres_server, postgres_url, store, store_url

__all__ = ["postgres_server", "postgres_url", "store", "store_url"]


@pytest.fixture(autouse=True)
def own_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("miniatures.store.mail.suppressions.user_data_path", lambda name: tmp_path / "home")

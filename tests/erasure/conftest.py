"""Whoever is forgotten here is forgotten by a user with a home of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.erasure.known_campaign import Known, write_known
from tests.store.databases import postgres_server, postgres_url

__all__ = ["postgres_server", "postgres_url"]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home"
    monkeypatch.setenv("MINIATURES_HOME", str(folder))
    monkeypatch.setenv("COLUMNS", "200")
    return folder


@pytest.fixture
def known(tmp_path: Path, home: Path) -> Known:
    return write_known(tmp_path / "autumn")

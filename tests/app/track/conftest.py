"""The tracker over a small campaign, with a list of opt-outs of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.app.track.served import Served, served, write_campaign
from tests.store.databases import postgres_server, postgres_url

__all__ = ["postgres_server", "postgres_url"]


@pytest.fixture(autouse=True)
def own_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("miniatures.store.mail.suppressions.user_data_path", lambda name: tmp_path / "home")


@pytest.fixture
def tracker(tmp_path: Path) -> Iterator[Served]:
    with served(write_campaign(tmp_path / "autumn")) as running:
        yield running

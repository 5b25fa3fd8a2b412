"""A store in a file, with a list of suppressions of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from miniatures.store.open import open_store
from miniatures.store.store import Store


@pytest.fixture(autouse=True)
def own_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("miniatures.store.mail.suppressions.user_data_path", lambda name: tmp_path / "home")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(str(tmp_path / "store.sqlite"), flushed=True) as opened:
        yield opened

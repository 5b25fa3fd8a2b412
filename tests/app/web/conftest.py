"""The app over the small campaign, and its owner, for the tests of its pages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.app.web.client import Browser, OpenedApp, small_app


@pytest.fixture
def app(tmp_path: Path) -> Iterator[OpenedApp]:
    with small_app(tmp_path) as opened:
        yield opened


@pytest.fixture
def ada(app: OpenedApp) -> Browser:
    return app.browser("ada")

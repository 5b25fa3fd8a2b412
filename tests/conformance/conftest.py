"""The server that some kinds ask is not left in memory for the tests that follow."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conformance import served


@pytest.fixture(scope="package", autouse=True)
def the_server_ends() -> Iterator[None]:
    yield
    served.stop()

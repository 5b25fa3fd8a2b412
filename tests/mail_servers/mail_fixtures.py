"""A real mail server for the tests of a session: name it in the conftest.py of the folder that wants it."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.mail_servers.real_mail import MailServer, why_unavailable

REQUIRED = "MINIATURES_TESTS_SKIP_NOTHING"
"""Set where a missing mail server is a failure and no reason to skip."""


def need_mail_server() -> None:
    """Skip the test where no real mail server can run, or fail it where nothing may be skipped."""
    if reason := why_unavailable():
        pytest.fail(reason) if os.environ.get(REQUIRED) else pytest.skip(reason)


@pytest.fixture(scope="session")
def mail_server() -> Iterator[MailServer]:
    """One server for all: a test that adds people of its own is not disturbed by others."""
    need_mail_server()
    with MailServer() as server:
        yield server

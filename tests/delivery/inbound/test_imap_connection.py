"""What is told of a mailbox that cannot be opened."""

from __future__ import annotations

import pytest

from miniatures.datamodel.send_settings import InboxSettings
from miniatures.delivery.inbound.imap_connection import ConnectionLost, mailbox_at
from miniatures.delivery.inbound.source import InboxUnavailable


def _told(**changes: object) -> InboxUnavailable:
    known = {"host": "127.0.0.1", "port": 1, "login": {"user": "x", "password": "P"}, "timeout_s": 5}
    with pytest.raises(InboxUnavailable) as raised, mailbox_at(InboxSettings.model_validate(known | changes), {}):
        pass
    return raised.value


def test_certificates_that_cannot_be_read_are_no_lost_connection() -> None:
    error = _told(ca_file="missing.pem")
    assert not isinstance(error, ConnectionLost)
    assert "missing.pem cannot be read: No such file or directory" in error.message


def test_a_server_that_is_not_there_promises_no_other_try() -> None:
    error = _told()
    assert isinstance(error, ConnectionLost)
    assert "cannot be reached" in error.message
    assert "again" not in error.told

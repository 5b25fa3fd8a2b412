"""A maildir is read in the order in which its mails came, and none of its files moves."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from miniatures.delivery.inbound.maildir_source import MaildirSource
from miniatures.delivery.inbound.source import InboxUnavailable
from tests.delivery.inbound.written import mail_of

SINCE = datetime(2026, 11, 1, tzinfo=UTC)


def _maildir(path: Path) -> Path:
    for part in ("new", "cur", "tmp"):
        (path / part).mkdir(parents=True)
    return path


def _put(path: Path, part: str, name: str, day: int, raw: bytes = b"") -> None:
    file = path / part / name
    file.write_bytes(raw or name.encode())
    moment = datetime(2026, 11, day, tzinfo=UTC).timestamp()
    os.utime(file, (moment, moment))


def _read(source: MaildirSource) -> list[bytes]:
    return [arrived.raw for batch in source.batches(None, SINCE) for arrived in batch.mails]


def test_new_and_read_mails_are_read_in_the_order_in_which_they_came(tmp_path: Path) -> None:
    path = _maildir(tmp_path / "box")
    _put(path, "cur", "b:2,S", 5)
    _put(path, "new", "c", 7)
    _put(path, "new", "a", 3)
    _put(path, "tmp", "d", 3)
    before = sorted(path.rglob("*"))
    source = MaildirSource(path)
    [batch] = source.batches(None, SINCE)
    assert [(arrived.raw, arrived.received_at.day) for arrived in batch.mails] == [(b"a", 3), (b"b:2,S", 5), (b"c", 7)]
    assert (batch.mark, sorted(path.rglob("*"))) == (None, before)


def test_what_was_looked_at_is_not_looked_at_again_wherever_it_moves(tmp_path: Path) -> None:
    path = _maildir(tmp_path / "box")
    _put(path, "new", "a", 3)
    source = MaildirSource(path)
    assert _read(source) == [b"a"]
    (path / "new/a").rename(path / "cur/a:2,S")
    _put(path, "new", "b", 4)
    assert _read(source) == [b"b"]
    assert sorted(_read(MaildirSource(path))) == [b"a", b"b"]


def test_what_came_long_before_is_left_alone(tmp_path: Path) -> None:
    path = _maildir(tmp_path / "box")
    _put(path, "new", "a", 3)
    os.utime(path / "new/a", (0, 0))
    assert _read(MaildirSource(path)) == []


def test_a_folder_that_is_no_maildir_is_named(tmp_path: Path) -> None:
    with pytest.raises(InboxUnavailable, match="is no maildir"):
        _read(MaildirSource(tmp_path))


@pytest.mark.parametrize("part", ["new", "cur"])
def test_a_file_that_moved_after_it_was_listed_is_not_there_and_the_others_are_read(tmp_path: Path, part: str) -> None:
    path = _maildir(tmp_path / "box")
    _put(path, "new", "a", 3)
    (path / part / "b").symlink_to(path / "cur/b:2,S")
    assert _read(MaildirSource(path)) == [b"a"]


def test_what_cannot_be_read_is_an_unavailable_inbox(tmp_path: Path) -> None:
    path = _maildir(tmp_path / "box")
    (path / "new").rmdir()
    with pytest.raises(InboxUnavailable, match="box cannot be read: No such file or directory"):
        _read(MaildirSource(path))
    (path / "new").mkdir()
    (path / "new/a").symlink_to("a")
    with pytest.raises(InboxUnavailable, match="box cannot be read: Too many levels of symbolic links"):
        _read(MaildirSource(path))


def test_sent_mail_that_cannot_be_read_proves_nothing(tmp_path: Path) -> None:
    sent = _maildir(tmp_path / "box/.Sent")
    (sent / "cur/s").symlink_to("s")
    assert MaildirSource(tmp_path / "box").look_up_sent("<a@x>") is None


def test_sent_mail_is_looked_up(tmp_path: Path) -> None:
    path = _maildir(tmp_path / "box")
    assert MaildirSource(path).look_up_sent("<a@x>") is None
    sent = _maildir(path / ".Sent")
    _put(sent, "cur", "s:2,S", 3, mail_of("x", Message_ID="<a@x>"))
    assert MaildirSource(path).look_up_sent("<a@x>") is True
    assert MaildirSource(path).look_up_sent("<b@x>") is False

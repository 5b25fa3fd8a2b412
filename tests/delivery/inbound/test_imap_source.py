"""A real mailbox is read from where it was read to, and stays as it is."""

from __future__ import annotations

import imaplib
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from miniatures.datamodel.send_settings import InboxSettings
from miniatures.delivery.inbound import imap_source
from miniatures.delivery.inbound.imap_source import ImapSource
from miniatures.delivery.inbound.mail import MOST_BYTES, read_mail
from miniatures.delivery.inbound.source import Batch, InboxUnavailable, Mark
from tests.delivery.inbound.written import mail_of
from tests.mail_servers.real_mail import HOST, MailServer

PASSWORDS = {"INBOX_PASSWORD": "secret"}
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def settings_for(server: MailServer, address: str, tls: str = "none", **fields: object) -> InboxSettings:
    port = server.imaps_port if tls == "implicit" else server.imap_port
    login = {"user": address, "password": "INBOX_PASSWORD"}
    plain = {"host": "localhost", "port": port, "tls": tls, "login": login, "ca_file": server.ca_file, "timeout_s": 10}
    return InboxSettings.model_validate(plain | fields)


def _put(server: MailServer, address: str, *raw: bytes, folder: str = "INBOX") -> None:
    with imaplib.IMAP4(HOST, server.imap_port) as client:
        client.login(address, "secret")
        for one in raw:
            assert client.append(folder, None, None, one)[0] == "OK"


def _numbered(count: int, start: int = 1) -> list[bytes]:
    return [mail_of(f"Mail {number}", Message_ID=f"<{number}@x.example>") for number in range(start, start + count)]


def _read(source: ImapSource, mark: Mark | None = None) -> tuple[list[str], Mark | None]:
    batches = list(source.batches(mark, LONG_AGO))
    mails = [read_mail(arrived.raw).text.strip() for batch in batches for arrived in batch.mails]
    return mails, batches[-1].mark if batches else mark


@pytest.mark.parametrize("tls", ["none", "starttls", "implicit"])
def test_a_mailbox_is_read_from_where_it_was_read_to(mail_server: MailServer, tls: str) -> None:
    address = f"{tls}@reads.example"
    mail_server.add_user(address)
    source = ImapSource(settings_for(mail_server, address, tls), PASSWORDS)
    assert _read(source) == ([], None)
    _put(mail_server, address, *_numbered(45))
    mails, mark = _read(source)
    assert mails == [f"Mail {number}" for number in range(1, 46)]
    assert _read(source, mark) == ([], mark)
    _put(mail_server, address, *_numbered(1, 46))
    assert _read(source, mark)[0] == ["Mail 46"]


def test_reading_changes_nothing(mail_server: MailServer) -> None:
    mail_server.add_user("still@reads.example")
    _put(mail_server, "still@reads.example", *_numbered(2))
    _read(ImapSource(settings_for(mail_server, "still@reads.example"), PASSWORDS))
    with imaplib.IMAP4(HOST, mail_server.imap_port) as client:
        client.login("still@reads.example", "secret")
        client.select("INBOX", readonly=True)
        assert client.search(None, "UNSEEN") == ("OK", [b"1 2"])


def test_a_folder_that_was_made_anew_is_read_again(mail_server: MailServer) -> None:
    address = "anew@reads.example"
    mail_server.add_user(address)
    with imaplib.IMAP4(HOST, mail_server.imap_port) as client:
        client.login(address, "secret")
        client.create("Answers")
    _put(mail_server, address, *_numbered(3), folder="Answers")
    source = ImapSource(settings_for(mail_server, address, folder="Answers"), PASSWORDS)
    _, mark = _read(source)
    assert mark is not None
    assert _read(source, (mark[0] - 1, mark[1])) == (["Mail 1", "Mail 2", "Mail 3"], mark)


def test_what_came_long_before_is_left_alone(mail_server: MailServer) -> None:
    mail_server.add_user("old@reads.example")
    with imaplib.IMAP4(HOST, mail_server.imap_port) as client:
        client.login("old@reads.example", "secret")
        for days, raw in zip((200, 1), _numbered(2), strict=True):
            client.append("INBOX", None, datetime.now(UTC) - timedelta(days=days), raw)
    source = ImapSource(settings_for(mail_server, "old@reads.example"), PASSWORDS)
    [batch] = source.batches(None, datetime.now(UTC) - timedelta(days=90))
    assert [read_mail(arrived.raw).text.strip() for arrived in batch.mails] == ["Mail 2"]
    assert abs(batch.mails[0].received_at - datetime.now(UTC) + timedelta(days=1)) < timedelta(minutes=1)


def test_of_a_huge_mail_the_beginning_is_fetched(mail_server: MailServer) -> None:
    mail_server.add_user("huge@reads.example")
    _put(mail_server, "huge@reads.example", mail_of("a" * 70 + "\n") + b"b" * 3_000_000, *_numbered(1))
    [batch] = ImapSource(settings_for(mail_server, "huge@reads.example"), PASSWORDS).batches(None, LONG_AGO)
    assert len(batch.mails[0].raw) == MOST_BYTES
    assert read_mail(batch.mails[1].raw).text.strip() == "Mail 1"


def test_a_connection_that_is_lost_goes_on_where_it_was_lost(
    mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    mail_server.add_user("lost@reads.example")
    _put(mail_server, "lost@reads.example", *_numbered(45))
    real, opened = imap_source.mailbox_at, []

    def once_lost(*given: object) -> object:
        opened.append(real(*given))  # type: ignore[arg-type]
        return opened[-1]

    source = ImapSource(settings_for(mail_server, "lost@reads.example"), PASSWORDS)
    monkeypatch.setattr(imap_source, "mailbox_at", once_lost)
    batches: Iterator[Batch] = source.batches(None, LONG_AGO)
    first = next(batches)
    box = opened[0].gen.gi_frame.f_locals["box"]
    box.client.sock.shutdown(2)
    rest = list(batches)
    assert len(opened) == 2
    assert [len(batch.mails) for batch in (first, *rest)] == [20, 20, 5]


def test_a_refused_login_and_a_missing_password_say_how_to_mend_them(mail_server: MailServer) -> None:
    mail_server.add_user("locked@reads.example")
    settings = settings_for(mail_server, "locked@reads.example")
    with pytest.raises(InboxUnavailable, match="refuses: ") as refused:
        _read(ImapSource(settings, {"INBOX_PASSWORD": "wrong"}))
    assert "wrong" not in refused.value.told
    with pytest.raises(InboxUnavailable, match="INBOX_PASSWORD is not set"):
        _read(ImapSource(settings, {}))
    assert "INBOX_PASSWORD" not in os.environ
    nobody = settings.model_copy(update={"port": 1})
    with pytest.raises(InboxUnavailable, match="cannot be reached"):
        _read(ImapSource(nobody, PASSWORDS))


def test_sent_mail_is_looked_up(mail_server: MailServer) -> None:
    address = "sent@reads.example"
    mail_server.add_user(address)
    settings = settings_for(mail_server, address)
    _put(mail_server, address, mail_of("x", Message_ID="<sent@x.example>"), folder="Sent")
    for named in ("Sent", "Gesendet"):
        source = ImapSource(settings.model_copy(update={"sent_folder": named}), PASSWORDS)
        assert source.look_up_sent("<sent@x.example>") is True
        assert source.look_up_sent("<other@x.example>") is False
        assert source.look_up_sent('<"> OR ALL@x.example>') is False
    nobody = settings.model_copy(update={"port": 1})
    assert ImapSource(nobody, PASSWORDS).look_up_sent("<sent@x.example>") is None

"""What the real mail servers do, as seen in raw conversations with them."""

from __future__ import annotations

import imaplib
import os
import smtplib
import socket
import ssl
import subprocess
import sys
from email.message import EmailMessage
from email.utils import make_msgid
from pathlib import Path

import aiosmtplib
import pytest

from tests.mail_servers import mail_fixtures, real_mail
from tests.mail_servers.real_mail import HOST, MailServer

_ROOT = Path(__file__).resolve().parents[2]


def _message(sender: str, to: str, text: str = "Is Tuesday good?") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, to, "A question"
    message["Message-ID"] = make_msgid(domain="sender.example")
    message.set_content(text)
    return message


def _report(message: EmailMessage) -> dict[str, str]:
    """The fields of a delivery report, those of the message and those of its only recipient."""
    assert message.get_content_type() == "multipart/report"
    status = next(part for part in message.walk() if part.get_content_type() == "message/delivery-status")
    return {name: str(value) for block in status.walk() for name, value in block.items()}


def test_a_delivered_message_is_seen_over_imap(mail_server: MailServer) -> None:
    mail_server.add_user("ada@reading.example", "lovelace")
    sent = _message("kim@buyer.example", "ada@reading.example")
    mail_server.deliver(sent, "ada@reading.example")
    mail_server.await_messages("ada@reading.example")
    with imaplib.IMAP4(HOST, mail_server.imap_port) as client:
        client.login("ada@reading.example", "lovelace")
        client.select("INBOX")
        assert client.search(None, "HEADER", "Message-ID", sent["Message-ID"]) == ("OK", [b"1"])


def test_everybody_has_a_sent_folder(mail_server: MailServer) -> None:
    mail_server.add_user("ada@sending.example", "lovelace")
    with imaplib.IMAP4_SSL(HOST, mail_server.imaps_port, ssl_context=_trusting(mail_server)) as client:
        client.login("ada@sending.example", "lovelace")
        assert client.list()[1][0] == rb'(\HasNoChildren \Sent) "." Sent'
        kept = _message("ada@sending.example", "kim@buyer.example").as_bytes()
        assert client.append("Sent", None, None, kept)[0] == "OK"
        assert client.select("Sent") == ("OK", [b"1"])


def test_a_wrong_password_opens_no_mailbox(mail_server: MailServer) -> None:
    mail_server.add_user("ada@locked.example", "lovelace")
    with imaplib.IMAP4(HOST, mail_server.imap_port) as client, pytest.raises(imaplib.IMAP4.error):
        client.login("ada@locked.example", "byron")


def test_who_is_not_there_is_refused_at_once(mail_server: MailServer) -> None:
    with smtplib.SMTP(HOST, mail_server.smtp_port) as client:
        client.ehlo()
        client.mail("ada@sender.example")
        code, answer = client.rcpt("nobody@strict.example")
    assert (code, answer[:6]) == (550, b"5.1.1 ")


def test_who_is_not_there_is_refused_later_by_a_delivery_report(mail_server: MailServer) -> None:
    mail_server.add_user("ada@hoping.example")
    with smtplib.SMTP(HOST, mail_server.smtp_port) as client:
        client.ehlo()
        client.mail("ada+b7f2@hoping.example", ["RET=HDRS", "ENVID=row-17"])
        assert client.rcpt("nobody@late.example", ["NOTIFY=FAILURE"])[0] == 250
        assert client.data(_message("ada@hoping.example", "nobody@late.example").as_bytes())[0] == 250
    report = mail_server.await_messages("ada@hoping.example")[0]
    assert (report["Return-Path"], report["To"], report["Auto-Submitted"]) == (
        "<>",
        "ada+b7f2@hoping.example",
        "auto-replied",
    )
    fields = _report(report)
    assert fields["Original-Envelope-Id"] == "row-17"
    assert fields["Final-Recipient"] == "rfc822; nobody@late.example"
    assert (fields["Action"], fields["Status"]) == ("failed", "5.1.1")


def test_nothing_leaves_for_a_domain_that_is_not_reserved_for_tests(mail_server: MailServer) -> None:
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        mail_server.deliver(b"Subject: out\r\n\r\nHello\r\n", "somebody@far.invalid")
    assert refused.value.recipients["somebody@far.invalid"][1][:6] == b"5.1.2 "


def test_who_is_away_says_so_once(mail_server: MailServer) -> None:
    mail_server.add_users({"ada@asking.example": "1", "kim@garnet.sieve.example": "2"})
    mail_server.set_vacation("kim@garnet.sieve.example", 'I am "away"\nuntil 12 January.')
    for text in ("First", "Second"):
        question = _message("ada@asking.example", "kim@garnet.sieve.example", text)
        mail_server.deliver(question, "kim@garnet.sieve.example", "ada@asking.example")
    mail_server.await_messages("kim@garnet.sieve.example", 2)
    (reply,) = mail_server.await_messages("ada@asking.example")
    assert reply["Auto-Submitted"] == "auto-replied (vacation)"
    assert reply["Subject"] == "Auto: A question"
    assert reply.get_content() == 'I am "away"\nuntil 12 January.\n'


def test_only_people_whose_server_has_sieve_can_be_away(mail_server: MailServer) -> None:
    with pytest.raises(ValueError, match=r"people at sieve\.example can be away"):
        mail_server.set_vacation("kim@plain.example", "Away")


def test_addresses_beyond_ascii_go_both_ways(mail_server: MailServer) -> None:
    far, near = "jürgen@müller.example", "ada@wide.example"
    mail_server.add_users({far: "straße", near: "lovelace"})
    mail_server.deliver(_message(near, far), far, near)
    assert mail_server.await_messages(far)[0]["To"] == far
    mail_server.deliver(_message(far, near), near, far)
    assert mail_server.await_messages(near)[0]["From"] == far
    with imaplib.IMAP4(HOST, mail_server.imap_port) as client:
        client.authenticate("PLAIN", lambda _: f"\0{far}\0straße".encode())
        assert client.select("INBOX") == ("OK", [b"1"])


def test_a_domain_beyond_ascii_is_known_by_both_spellings(mail_server: MailServer) -> None:
    mail_server.add_user("info@bücher.example")
    mail_server.deliver(_message("kim@buyer.example", "info@bücher.example"), "info@xn--bcher-kva.example")
    assert len(mail_server.await_messages("info@bücher.example")) == 1


def test_a_server_without_smtputf8_sends_such_mail_back(mail_server: MailServer) -> None:
    far, near = "zoë@wide.example", "kim@sieve.example"
    mail_server.add_users({far: "1", near: "2"})
    mail_server.deliver(_message(far, near), near, far)
    (report,) = mail_server.await_messages(far)
    status = next(part for part in report.walk() if part.get_content_type() == "message/global-delivery-status")
    assert "\nStatus: 5.6.7\n" in status.as_string()


async def test_submission_announces_what_a_sender_asks_for(mail_server: MailServer) -> None:
    client = aiosmtplib.SMTP(hostname=HOST, port=mail_server.smtp_port, start_tls=False)
    async with client:
        await client.ehlo()
        for extension in ("DSN", "SMTPUTF8", "PIPELINING", "8BITMIME", "STARTTLS"):
            assert client.supports_extension(extension)
        assert not client.supports_extension("AUTH")
        await client.starttls(tls_context=_trusting(mail_server))
        await client.ehlo()
        assert client.supports_extension("AUTH")


async def test_the_certificate_is_good_for_who_trusts_its_authority_only(mail_server: MailServer) -> None:
    trusting, careful = _trusting(mail_server), ssl.create_default_context()
    async with aiosmtplib.SMTP(hostname="localhost", port=mail_server.smtps_port, use_tls=True, tls_context=trusting):
        pass
    with pytest.raises(aiosmtplib.SMTPConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        await aiosmtplib.SMTP(
            hostname="localhost", port=mail_server.smtps_port, use_tls=True, tls_context=careful
        ).connect()


async def test_submission_knows_who_has_a_mailbox(mail_server: MailServer) -> None:
    mail_server.add_user("ada@login.example", "lovelace")
    async with aiosmtplib.SMTP(hostname=HOST, port=mail_server.smtp_port, tls_context=_trusting(mail_server)) as client:
        with pytest.raises(aiosmtplib.SMTPAuthenticationError) as refused:
            await client.login("ada@login.example", "byron")
        assert refused.value.code == 535
        assert (await client.login("ada@login.example", "lovelace")).code == 235


def test_somebody_can_be_added_while_the_server_is_at_work(mail_server: MailServer) -> None:
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        mail_server.deliver(_message("kim@buyer.example", "new@coming.example"), "new@coming.example")
    mail_server.add_user("new@coming.example")
    mail_server.deliver(_message("kim@buyer.example", "new@coming.example"), "new@coming.example")
    assert len(mail_server.await_messages("new@coming.example")) == 1


_BESIDE = """
from tests.mail_servers.real_mail import MailServer
with MailServer() as server:
    server.add_user("ada@beside.example")
    server.deliver(b"Subject: beside\\r\\n\\r\\nHello\\r\\n", "ada@beside.example")
    print(server.await_messages("ada@beside.example")[0]["Subject"])
"""


def test_two_processes_have_servers_that_know_nothing_of_each_other(mail_server: MailServer) -> None:
    others = [subprocess.Popen([sys.executable, "-c", _BESIDE], cwd=_ROOT, stdout=subprocess.PIPE) for _ in range(3)]
    assert [other.communicate(timeout=60)[0] for other in others] == [b"beside\n"] * 3
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        mail_server.deliver(b"Subject: here\r\n\r\nHello\r\n", "ada@beside.example")


def test_a_server_that_is_gone_leaves_nothing() -> None:
    mail_fixtures.need_mail_server()
    with MailServer() as server:
        server.add_user("ada@brief.example")
        folder = server.maildir("ada@brief.example").parents[3]
        assert folder.name.startswith("mail-")
    assert not folder.exists()
    for port in (server.smtp_port, server.smtps_port, server.imap_port, server.imaps_port):
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((HOST, port))


def test_where_none_can_run_the_tests_are_skipped_or_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(real_mail, "_PACKAGES", {"postfix": Path("/none"), "dovecot-imapd": Path("/none")})
    monkeypatch.delenv(mail_fixtures.REQUIRED, raising=False)
    with pytest.raises(pytest.skip.Exception, match="apt-get install postfix dovecot-imapd"):
        mail_fixtures.need_mail_server()
    monkeypatch.setenv(mail_fixtures.REQUIRED, "1")
    with pytest.raises(pytest.fail.Exception, match="apt-get install postfix dovecot-imapd"):
        mail_fixtures.need_mail_server()


def test_only_root_can_run_them(mail_server: MailServer, monkeypatch: pytest.MonkeyPatch) -> None:
    assert real_mail.why_unavailable() is None
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert str(real_mail.why_unavailable()).startswith("only root can start Postfix and Dovecot")


def test_another_dovecot_is_not_taken_for_the_one_that_is_configured(
    mail_server: MailServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    newer = tmp_path / "dovecot"
    newer.write_text("#!/bin/sh\necho '2.4.1-4 (7d8c0e5759)'\n")
    newer.chmod(0o755)
    monkeypatch.setattr(real_mail, "PROGRAM", newer)
    assert str(real_mail.why_unavailable()).startswith("Dovecot 2.4.1-4 is here")


def _trusting(server: MailServer) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=server.ca_file)

"""Reports of mail servers are read field by field, and in the prose of those that know no fields."""

from __future__ import annotations

import pytest

from miniatures.datamodel.inbound import InboundKind
from miniatures.delivery.inbound.delivery_report import DeliveryReport, delivery_report
from miniatures.delivery.inbound.mail import read_mail
from miniatures.delivery.inbound.rejection import Rejection, rejection
from tests.delivery.inbound.written import PERSON, SENDER, complaint_of, mail_of, report_of


def _read(raw: bytes) -> DeliveryReport:
    report = delivery_report(read_mail(raw))
    assert report is not None
    return report


@pytest.mark.parametrize("headers_only", [True, False])
def test_a_report_in_the_standard_form(headers_only: bool) -> None:
    report = _read(report_of(envelope_id="0190f3a2b4c5d6e7f8a9b0c1d2e3f4a5", headers_only=headers_only))
    assert (report.kind, report.status) == (InboundKind.BOUNCE, "5.1.1")
    assert report.diagnostic.startswith("550 5.1.1 <person1@company1.example>")
    assert report.envelope_id == "0190f3a2b4c5d6e7f8a9b0c1d2e3f4a5"
    assert (report.recipients, report.returned) == ((PERSON,), ("<sent@sender.example>",))


@pytest.mark.parametrize(
    ("action", "kind"),
    [
        ("failed", InboundKind.BOUNCE),
        ("Failed (host unknown)", InboundKind.BOUNCE),
        ("delayed", InboundKind.DELAY),
        ("delivered", InboundKind.DELIVERED),
        ("relayed", InboundKind.DELIVERED),
        ("expanded", InboundKind.DELIVERED),
    ],
)
def test_the_action_says_what_became_of_it(action: str, kind: InboundKind) -> None:
    assert _read(report_of(action=action)).kind is kind


def test_of_several_recipients_the_gravest_counts() -> None:
    raw = report_of(action="delivered", status="2.0.0").replace(
        b"--B\r\nContent-Type: text/rfc822-headers",
        b"Final-Recipient: rfc822; other@company1.example\r\nAction: failed\r\nStatus: 5.2.2\r\n\r\n"
        b"--B\r\nContent-Type: text/rfc822-headers",
    )
    assert (_read(raw).kind, _read(raw).status) == (InboundKind.BOUNCE, "5.2.2")


def test_a_general_status_gives_way_to_the_servers_own_words() -> None:
    assert _read(report_of(status="5.0.0")).status == "5.1.1"
    assert _read(report_of(status="5.0.0", diagnostic="smtp; 550 no")).status == "5.0.0"


def test_a_report_for_international_addresses() -> None:
    raw = report_of(recipient="jürgen@müller.example", status="5.6.7")
    raw = raw.replace(b"message/delivery-status", b"message/global-delivery-status")
    raw = raw.replace("rfc822; jürgen".encode(), "utf-8; jürgen".encode())
    report = _read(raw)
    assert (report.status, report.recipients[0]) == ("5.6.7", "jürgen@müller.example")


def test_a_report_whose_fields_are_encoded() -> None:
    raw = (
        b"From: postmaster@mx.example\r\nContent-Type: multipart/report; boundary=B\r\n\r\n--B\r\n"
        b"Content-Type: message/delivery-status\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        b"UmVwb3J0aW5nLU1UQTogZG5zOyBteC5leGFtcGxlCgpGaW5hbC1SZWNpcGllbnQ6IHJmYzgyMjsgYUBiLmV4YW1wbGUKQWN0aW9uOiBm\r\n"
        b"YWlsZWQKU3RhdHVzOiA1LjEuMQo=\r\n--B--\r\n"
    )
    assert (_read(raw).status, _read(raw).recipients) == ("5.1.1", ("a@b.example",))


QMAIL = f"""\
Hi. This is the qmail-send program at mx.company1.example.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<{PERSON}>:
Sorry, no mailbox here by that name. (#5.1.1)

--- Below this line is a copy of the message.

Return-Path: <{SENDER}>
Message-ID: <sent@sender.example>
Subject: Hello

Hello
"""
EXIM = f"""\
This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  {PERSON}
    host mx.company1.example [192.0.2.7]
    SMTP error from remote mail server after RCPT TO:<{PERSON}>:
    550 5.7.1 Blocked: listed at a blocklist

------ This is a copy of the message, including all the headers. ------

Message-ID: <sent@sender.example>
"""
EXCHANGE = f"""\
Your message did not reach some or all of the intended recipients.

      Subject: Hello
The following recipient(s) could not be reached:

      {PERSON} on 30/11/2026 10:00
            The e-mail account does not exist at the organization this message was sent to. <mx.example #5.1.1>
"""
GMAIL = f"""\
Address not found

Your message wasn't delivered to {PERSON} because the address couldn't be found, or is unable to receive mail.

The response from the remote server was:
550 5.1.1 The email account that you tried to reach does not exist.

----- Original message -----
Message-ID: <sent@sender.example>
"""


@pytest.mark.parametrize(
    ("text", "headers", "status", "returned"),
    [
        (QMAIL, {"From": "MAILER-DAEMON@mx.example", "Subject": "failure notice"}, "5.1.1", True),
        (EXIM, {"From": "Mailer-Daemon@mx.example", "Subject": "Mail delivery failed"}, "5.7.1", True),
        (EXCHANGE, {"From": "postmaster@mx.example", "Subject": "Undeliverable: Hello"}, "5.1.1", False),
        (GMAIL, {"From": "mailer-daemon@x.example", "X_Failed_Recipients": PERSON, "Subject": "x"}, "5.1.1", True),
    ],
)
def test_reports_in_prose(text: str, headers: dict[str, str], status: str, returned: bool) -> None:
    report = _read(mail_of(text, **headers))
    assert (report.kind, report.status) == (InboundKind.BOUNCE, status)
    assert report.returned == (("<sent@sender.example>",) if returned else ())


def test_a_warning_in_prose_is_a_delay() -> None:
    text = (
        "     **********************************************\n     **      THIS IS A WARNING MESSAGE ONLY      **\n"
        "     **  YOU DO NOT NEED TO RESEND YOUR MESSAGE  **\n     **********************************************\n\n"
        "   ----- The following addresses had transient non-fatal errors -----\n<person1@company1.example>\n\n"
        "   ----- Transcript of session follows -----\nDeferred: Connection refused\n"
        "Warning: message still undelivered after 4 hours\nWill keep trying until message is 5 days old\n"
    )
    assert (
        _read(mail_of(text, From="MAILER-DAEMON@mx.example", Subject="Warning: could not send")).kind
        is InboundKind.DELAY
    )


@pytest.mark.parametrize(
    "raw",
    [
        mail_of("My mail was undeliverable: 550 5.1.1 they said. Can you try?", Subject="Re: delivery failed"),
        mail_of("I am away.", Return_Path="<>", Auto_Submitted="auto-replied"),
        mail_of("The weekly figures.", From="postmaster@company1.example"),
        complaint_of(),
    ],
)
def test_other_mails_are_no_report(raw: bytes) -> None:
    assert delivery_report(read_mail(raw)) is None


@pytest.mark.parametrize(
    ("status", "diagnostic", "about"),
    [
        ("5.1.1", "550 5.1.1 user unknown", Rejection.ADDRESS),
        ("5.1.10", "recipient not found", Rejection.ADDRESS),
        ("5.2.1", "mailbox disabled", Rejection.ADDRESS),
        ("5.4.4", "Host or domain name not found", Rejection.ADDRESS),
        ("5.4.1", "550 5.4.1 Recipient address rejected: Access denied. AS(201806281)", Rejection.ADDRESS),
        ("5.7.13", "account disabled", Rejection.ADDRESS),
        ("5.0.0", "550 No such user here", Rejection.ADDRESS),
        ("", "550 Requested action not taken: mailbox unavailable, user unknown", Rejection.ADDRESS),
        ("5.7.1", "550 5.7.1 message rejected", Rejection.POLICY),
        ("5.7.606", "Access denied, banned sending IP", Rejection.POLICY),
        ("5.1.1", "550 5.1.1 Service refused; client host blocked using zen.spamhaus.org", Rejection.POLICY),
        ("5.0.0", "554 This message looks like spam", Rejection.POLICY),
        ("", "550 blocked due to poor reputation", Rejection.POLICY),
        ("5.3.0", "554 rejected due to DMARC policy", Rejection.POLICY),
        ("5.2.2", "552 5.2.2 mailbox full", Rejection.OTHER),
        ("5.3.4", "message too big", Rejection.OTHER),
        ("4.4.7", "delivery time expired", Rejection.OTHER),
        ("4.1.1", "user unknown, try later", Rejection.OTHER),
        ("", "", Rejection.OTHER),
    ],
)
def test_only_a_dead_address_is_held_against_the_recipient(status: str, diagnostic: str, about: Rejection) -> None:
    assert rejection(status, diagnostic) is about

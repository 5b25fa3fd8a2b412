"""Mails as servers, programs and people write them, built from what differs."""

from __future__ import annotations

from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

MONDAY = datetime(2026, 11, 30, 10, 0, tzinfo=UTC)
SENDER = "rosa@sender.example"
PERSON = "person1@company1.example"


def mail_of(text: str = "", *, html: str = "", sent: datetime = MONDAY, **headers: str) -> bytes:
    """A mail of a person to us. Headers are given with underscores: `In_Reply_To`."""
    mail = EmailMessage(policy=SMTP)
    plain = {"From": f"Person One <{PERSON}>", "To": SENDER, "Subject": "Re: About company 1"}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    for name, value in (
        plain | {"Date": format_datetime(sent), "Message-ID": "<answer@company1.example>"} | named
    ).items():
        if value:
            mail[name] = value
    if text or not html:
        mail.set_content(text)
    if html:
        mail.add_alternative(html, subtype="html") if text else mail.set_content(html, subtype="html")
    return mail.as_bytes()


def report_of(
    *,
    action: str = "failed",
    status: str = "5.1.1",
    diagnostic: str = "smtp; 550 5.1.1 <person1@company1.example>: Recipient address rejected: User unknown",
    returned: str = "<sent@sender.example>",
    envelope_id: str = "",
    to: str = SENDER,
    recipient: str = PERSON,
    headers_only: bool = True,
) -> bytes:
    """A delivery report in the standard form, as Postfix writes it."""
    about = [f"Original-Envelope-Id: {envelope_id}"] if envelope_id else []
    original = "\r\n".join((f"From: {SENDER}", f"To: {recipient}", "Subject: Hello", f"Message-ID: {returned}"))
    kind = "text/rfc822-headers" if headers_only else "message/rfc822"
    lines = (
        "Return-Path: <>",
        "From: MAILER-DAEMON@mx.company1.example (Mail Delivery System)",
        f"To: {to}",
        "Subject: Undelivered Mail Returned to Sender",
        "Date: Mon, 30 Nov 2026 10:00:00 +0000",
        "Message-ID: <report@mx.company1.example>",
        "Auto-Submitted: auto-replied",
        "MIME-Version: 1.0",
        'Content-Type: multipart/report; report-type=delivery-status; boundary="B"',
        "",
        "--B",
        "Content-Type: text/plain",
        "",
        "I'm sorry to have to inform you that your message could not be delivered.",
        "",
        "--B",
        "Content-Type: message/delivery-status",
        "",
        "Reporting-MTA: dns; mx.company1.example",
        *about,
        "",
        f"Final-Recipient: rfc822; {recipient}",
        f"Original-Recipient: rfc822;{recipient}",
        f"Action: {action}",
        f"Status: {status}",
        f"Diagnostic-Code: {diagnostic}",
        "",
        "--B",
        f"Content-Type: {kind}",
        "",
        original,
        "",
        "--B--",
        "",
    )
    return "\r\n".join(lines).encode()


def complaint_of(feedback: str = "abuse", *, returned: str = "<sent@sender.example>", mail_from: str = SENDER) -> bytes:
    """A feedback report (RFC 5965); the recipient is left out, as most providers do."""
    lines = (
        "From: <feedback@provider.example>",
        f"To: {SENDER}",
        "Subject: Complaint",
        "Message-ID: <complaint@provider.example>",
        "MIME-Version: 1.0",
        'Content-Type: multipart/report; report-type=feedback-report; boundary="B"',
        "",
        "--B",
        "Content-Type: text/plain",
        "",
        "This is an abuse report.",
        "--B",
        "Content-Type: message/feedback-report",
        "",
        f"Feedback-Type: {feedback}",
        "User-Agent: Provider/1.0",
        "Version: 1",
        f"Original-Mail-From: <{mail_from}>",
        "",
        "--B",
        "Content-Type: message/rfc822",
        "",
        f"From: {SENDER}",
        f"Message-ID: {returned}",
        "Subject: Hello",
        "",
        "Hello",
        "--B--",
        "",
    )
    return "\r\n".join(lines).encode()

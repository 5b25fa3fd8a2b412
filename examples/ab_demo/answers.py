"""What people send back: replies that quote the email as their program does, and the report of a complaint."""

from __future__ import annotations

from email.headerregistry import Address
from email.message import EmailMessage
from email.mime.message import MIMEMessage
from email.mime.multipart import MIMEMultipart
from email.mime.nonmultipart import MIMENonMultipart
from email.mime.text import MIMEText
from email.utils import format_datetime, formatdate, make_msgid

from examples.ab_demo.mailbox import Letter
from examples.ab_demo.rates import Program

FEEDBACK_ADDRESS = "feedback@provider.example"
"""Of whoever a mail provider has send its reports."""


def reply_to(letter: Letter, text: str, name: str, email: str, program: Program) -> EmailMessage:
    """An answer to the email."""
    reply = _answer(letter, "Re", name, email)
    reply.set_content(f"{text}\n\n{_quoted(letter, program)}")
    return reply


def note_about(letter: Letter, note: str, name: str, email: str) -> EmailMessage:
    """What the program of somebody says who is away, as Exchange does (RFC 3834)."""
    reply = _answer(letter, "Automatic reply", name, email)
    reply["Auto-Submitted"], reply["X-Auto-Response-Suppress"] = "auto-replied", "All"
    reply.set_content(note)
    return reply


def _answer(letter: Letter, mark: str, name: str, email: str) -> EmailMessage:
    """An answer with its headers, and without words."""
    answered, answer = letter.message, EmailMessage()
    answer["From"], answer["To"] = str(Address(name, addr_spec=email)), str(answered["From"])
    answer["Subject"] = f"{mark}: {answered['Subject']}"
    answer["Date"], answer["Message-ID"] = formatdate(), make_msgid(domain=email.rpartition("@")[2])
    answer["In-Reply-To"] = answer["References"] = str(answered["Message-ID"])
    return answer


def _quoted(letter: Letter, program: Program) -> str:
    """The email below an answer: with marks, or as Outlook has it."""
    answered, text = letter.message, letter.text.rstrip()
    if program is Program.OUTLOOK:
        lines = (f"{name}: {answered[name]}" for name in ("From", "To", "Subject"))
        sent = f"Sent: {letter.sent_at:%A, %d %B %Y %H:%M}"
        first, *others = lines
        return "\n".join(["________________________________", first, sent, *others, "", text])
    marked = "\n".join(f"> {line}".rstrip() for line in text.split("\n"))
    return f"On {letter.sent_at:%a, %d %b %Y at %H:%M}, {answered['From']} wrote:\n\n{marked}"


def complaint_about(letter: Letter) -> MIMEMultipart:
    """The report of somebody who pressed `spam` (RFC 5965), with the whole email."""
    answered = letter.message
    report = MIMEMultipart("report")
    report.set_param("report-type", "feedback-report")
    report["From"], report["To"] = FEEDBACK_ADDRESS, str(answered["From"])
    report["Subject"] = f"FW: {answered['Subject']}"
    report["Date"] = format_datetime(letter.sent_at)
    report["Message-ID"] = make_msgid(domain="provider.example")
    report.attach(MIMEText("This is an email abuse report for a message that a user took for spam.\n"))
    report.attach(_fields({"Feedback-Type": "abuse", "Original-Mail-From": f"<{letter.envelope_sender}>"}))
    report.attach(MIMEMessage(answered))
    return report


def _fields(told: dict[str, str]) -> MIMENonMultipart:
    part = MIMENonMultipart("message", "feedback-report")
    lines = {**told, "User-Agent": "ProviderFeedback/1.0", "Version": "1"}.items()
    part.set_payload("".join(f"{name}: {value}\r\n" for name, value in lines))
    return part

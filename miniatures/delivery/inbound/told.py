"""What a mail is, told from the mail alone, and by what it can be tied to an email of ours.

The order is that of `InboundKind`. Delivery reports call themselves automatic answers too, so they are looked for
first; a person's words come last, because machines quote people.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from miniatures.datamodel.inbound import InboundKind
from miniatures.delivery.inbound.absence import says_away, says_gone
from miniatures.delivery.inbound.automatic import has_absence_subject, is_automatic
from miniatures.delivery.inbound.complaint import Complaint, complaint
from miniatures.delivery.inbound.delivery_report import DeliveryReport, delivery_report
from miniatures.delivery.inbound.mail import Mail
from miniatures.delivery.inbound.opt_out import asks_to_stop, is_unsubscribe_subject
from miniatures.delivery.inbound.referral import named_instead
from miniatures.delivery.inbound.rejection import Rejection, rejection
from miniatures.delivery.inbound.reply_text import reply_text
from miniatures.delivery.inbound.return_date import return_date

_TOKEN_IN_SUBJECT = re.compile(r"\b[0-9a-f]{32}\b")
_CLOCK_MAY_BE_OFF = timedelta(days=14)


@dataclass(frozen=True)
class Clues:
    """What a mail says of which email it belongs to, the surest first. Nobody but the email's recipient, and whoever
    they gave it to, knows a token or a Message-ID; an address anybody may claim to have."""

    sent_to: tuple[str, ...] = ()
    """Addresses one of which may hold the email's token."""
    tokens: tuple[str, ...] = ()
    envelope_id: str = ""
    returned: tuple[str, ...] = ()
    """Message-IDs of what the mail encloses."""
    answers: tuple[str, ...] = ()
    """Message-IDs of what it answers."""
    sender: str = ""
    """Whoever wrote it; empty for reports, which prove nothing by an address."""


@dataclass(frozen=True)
class Told:
    """What a mail is. The fields are those of `Inbound`."""

    kind: InboundKind
    clues: Clues = field(default_factory=Clues)
    text: str = ""
    status: str = ""
    diagnostic: str = ""
    rejection: Rejection | None = None
    back_on: date | None = None
    refers_to: str = ""


def told(mail: Mail, received_at: datetime) -> Told:
    """What the mail is."""
    report = delivery_report(mail)
    if report is not None:
        return _of_report(mail, report)
    feedback = complaint(mail)
    if feedback is not None:
        return _of_complaint(mail, feedback)
    written = reply_text(mail.text)
    if is_unsubscribe_subject(mail.subject):
        return Told(InboundKind.OPT_OUT, _clues(mail), written)
    if is_automatic(mail):
        return _of_machine(mail, written, received_at)
    return _of_person(mail, written)


def _of_report(mail: Mail, report: DeliveryReport) -> Told:
    clues = Clues(mail.recipients, (), report.envelope_id, report.returned, mail.answers)
    about = rejection(report.status, report.diagnostic) if report.kind is InboundKind.BOUNCE else None
    return Told(report.kind, clues, status=report.status, diagnostic=report.diagnostic, rejection=about)


def _of_complaint(mail: Mail, feedback: Complaint) -> Told:
    clues = Clues((feedback.envelope_sender, *mail.recipients), returned=feedback.returned)
    return Told(feedback.kind, clues, diagnostic=feedback.feedback)


def _of_machine(mail: Mail, written: str, received_at: datetime) -> Told:
    text = written or mail.text[:2_000].strip()
    back_on = return_date(f"{mail.subject}. {text}", _sent(mail, received_at))
    refers_to = named_instead(text, {mail.sender, *mail.recipients})
    if says_gone(text) and back_on is None:
        return Told(InboundKind.GONE, _clues(mail), text, refers_to=refers_to)
    if says_away(text) or back_on is not None or has_absence_subject(mail.subject):
        return Told(InboundKind.OUT_OF_OFFICE, _clues(mail), text, back_on=back_on, refers_to=refers_to)
    return Told(InboundKind.AUTOMATIC, _clues(mail), text, refers_to=refers_to)


def _of_person(mail: Mail, written: str) -> Told:
    if asks_to_stop(written):
        return Told(InboundKind.OPT_OUT, _clues(mail), written)
    refers_to = named_instead(written, {mail.sender, *mail.recipients})
    kind = InboundKind.REFERRAL if refers_to else InboundKind.REPLY
    return Told(kind, _clues(mail), written, refers_to=refers_to)


def _clues(mail: Mail) -> Clues:
    tokens = tuple(_TOKEN_IN_SUBJECT.findall(mail.subject))
    return Clues(mail.recipients, tokens, answers=mail.answers, sender=mail.sender)


def _sent(mail: Mail, received_at: datetime) -> datetime:
    """When it was written, by its own clock unless that is far off: the zone tells how its author writes dates."""
    sent = mail.sent_at
    return sent if sent is not None and abs(sent - received_at) < _CLOCK_MAY_BE_OFF else received_at

"""Feedback reports (ARF, RFC 5965): a provider tells that somebody pressed `spam`."""

from __future__ import annotations

from dataclasses import dataclass

from miniatures.datamodel.inbound import InboundKind
from miniatures.delivery.inbound.charset import decoded_header
from miniatures.delivery.inbound.delivery_report import returned_ids
from miniatures.delivery.inbound.mail import Mail, addresses_in, parts_of

_NO_COMPLAINTS = frozenset({"not-spam", "opt-out", "opt-out-list", "auth-failure", "dmarc"})
"""Types of feedback by which nobody complains (RFC 5965, 7.3; RFC 6591)."""


@dataclass(frozen=True)
class Complaint:
    """One feedback report. Providers often leave the address out."""

    kind: InboundKind
    feedback: str
    envelope_sender: str = ""
    recipients: tuple[str, ...] = ()
    returned: tuple[str, ...] = ()


def complaint(mail: Mail) -> Complaint | None:
    """The feedback report that a mail is; None if it is none."""
    for part in mail.parts("message/feedback-report"):
        fields = next(iter(parts_of(part)), part)
        feedback = decoded_header(str(fields.get("Feedback-Type", "abuse"))).lower()
        senders = addresses_in(str(fields.get("Original-Mail-From", "")))
        recipients = [one for value in fields.get_all("Original-Rcpt-To", []) for one in addresses_in(str(value))]
        return Complaint(
            kind=_kind(feedback),
            feedback=feedback[:40],
            envelope_sender=senders[0] if senders else "",
            recipients=tuple(recipients),
            returned=returned_ids(mail),
        )
    return None


def _kind(feedback: str) -> InboundKind:
    if feedback.startswith("opt-out"):
        return InboundKind.OPT_OUT
    return InboundKind.AUTOMATIC if feedback in _NO_COMPLAINTS else InboundKind.COMPLAINT

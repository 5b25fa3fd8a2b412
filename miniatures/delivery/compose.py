"""Makes the exact bytes of an email, once: they are frozen before the first attempt and are the same at each.

Every header is one that a person's mail program writes too, or one that opting out needs. There is no `List-Id`: the
email goes to one person, and automatic answers, which are to come back, are not given to mailing lists. There is no
`Reply-To`: answers come home to the mailbox that sends. Bodies travel in ASCII (quoted-printable or base64), so no
relay has to convert them, which would break a signature.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from pathlib import Path

from miniatures.datamodel.brief import Brief
from miniatures.datamodel.draft import EmailText
from miniatures.datamodel.errors import InputError
from miniatures.datamodel.message import Message, MessageState, OutboxRow
from miniatures.datamodel.send_settings import Mailbox, SendSettings, TrackingSettings
from miniatures.delivery.body import Tracking, bodies
from miniatures.delivery.dkim_sign import DkimSigner, open_signer
from miniatures.delivery.footer import OptOut, opt_out_by_mail, opt_out_by_page
from miniatures.delivery.header import address_line, one_line, parts_line, text_line
from miniatures.delivery.links import is_tracked
from miniatures.delivery.mime_parts import alternative
from miniatures.delivery.tokens import Addresses, Tokens
from miniatures.delivery.wire import ascii_url, mailto, wire_address, wire_domain

_NOT_XTEXT = re.compile(r"[^!-*,-<>-~]")
_MAY_HAVE_LEFT = (MessageState.ACCEPTED, MessageState.UNCERTAIN)


@dataclass(frozen=True, slots=True)
class Composed:
    """An email as it goes over the wire."""

    mime: bytes
    """Header and body with CRLF line ends, signed if this side signs."""
    message_id: str
    """With its angle brackets."""
    envelope_from: str
    envelope_to: str
    envelope_id: str
    """ENVID (RFC 3461), xtext: a delivery report brings it back."""
    smtputf8: bool
    """Whether only a server with SMTPUTF8 can take it."""


@dataclass(frozen=True)
class Composer:
    """Composes the emails of one campaign."""

    brief: Brief
    settings: SendSettings
    tokens: Tokens
    signers: Mapping[str, DkimSigner]
    """By the mailbox's key, for those whose server does not sign."""

    @classmethod
    def of(cls, brief: Brief, settings: SendSettings, folder: Path, secret: bytes) -> Composer:
        """With the keys that the settings name, from the campaign's folder; raises as `open_signer` does."""
        boxes = settings.mailboxes.values()
        signers = {box.key: open_signer(box.dkim, folder) for box in boxes if box.dkim is not None}
        return cls(brief, settings, Tokens(secret), signers)

    def compose(self, message: Message, date: datetime, earlier: Sequence[OutboxRow] = ()) -> Composed:
        """The email at this date. `earlier` are the rows of its thread; a follow-up answers those that left.

        Raises:
            BadAddress: it cannot be sent to this address, or from the mailbox's.
            InputError: the settings have no mailbox of the message's address any more.
        """
        mailbox, left = self._mailbox(message), _left(message, earlier)
        text = EmailText(subject=_subject(message, left), body=message.body)
        opt_out, unsubscribe = self._opt_out(message, mailbox)
        made = bodies(text, message.links, self.brief, opt_out, self._tracking(message))
        sender, recipient = wire_address(mailbox.address), wire_address(message.address)
        message_id = f"<{message.id}@{wire_domain(mailbox.address)}>"
        headers = (
            address_line("From", mailbox.name or self.brief.sender.name, sender),
            address_line("To", message.name, recipient),
            text_line("Subject", text.subject),
            text_line("Date", format_datetime(date)),
            parts_line("Message-ID", [message_id]),
            *_thread_lines(left),
            *unsubscribe,
        )
        mime = b"".join(headers) + alternative(made.text, made.html, f"=_{message.id}")
        signer = self.signers.get(message.mailbox)
        envelope_from = wire_address((mailbox.bounces or mailbox.address).replace("{token}", message.id))
        return Composed(
            mime=signer.signed(mime, date) if signer else mime,
            message_id=message_id,
            envelope_from=envelope_from,
            envelope_to=recipient,
            envelope_id=xtext(message.id),
            smtputf8=not f"{envelope_from}{sender}{recipient}".isascii(),
        )

    def _mailbox(self, message: Message) -> Mailbox:
        box = self.settings.box_of(message.mailbox)
        if box is None:
            hint = "All emails of a thread leave by the same: add one with this address."
            raise InputError(f"`send:` has no mailbox with the address {message.mailbox} any more", hint=hint)
        return box

    def _opt_out(self, message: Message, mailbox: Mailbox) -> tuple[OptOut, list[bytes]]:
        """The line in the footer and the headers for mail programs (RFC 2369, and RFC 8058 where there is a page)."""
        line, language = self.settings.opt_out_line, self.brief.language
        address = wire_address(self.settings.opt_out_address or mailbox.address)
        by_mail = f"<{mailto(address, f'unsubscribe {message.id}')}>"
        if self.settings.tracking is None:
            opt_out = opt_out_by_mail(mailto(address, "STOP"), address, line, language)
            return opt_out, [parts_line("List-Unsubscribe", [by_mail])]
        page = self._addresses(message, self.settings.tracking).opt_out
        headers = [
            parts_line("List-Unsubscribe", [f"<{page}>", by_mail], separator=","),
            parts_line("List-Unsubscribe-Post", ["List-Unsubscribe=One-Click"]),
        ]
        return opt_out_by_page(page, line, language), headers

    def _tracking(self, message: Message) -> Tracking | None:
        tracking = self.settings.tracking
        if tracking is None or not is_tracked(message, tracking):
            return None
        return Tracking(self._addresses(message, tracking), opens=tracking.opens, clicks=tracking.clicks)

    def _addresses(self, message: Message, tracking: TrackingSettings) -> Addresses:
        return Addresses(self.tokens, ascii_url(tracking.url), message.id)


def xtext(text: str) -> str:
    """The text as a parameter of SMTP may hold it (RFC 3461, section 4)."""
    return _NOT_XTEXT.sub(lambda sign: f"+{ord(sign[0]):02X}", text)


def _left(message: Message, earlier: Sequence[OutboxRow]) -> list[OutboxRow]:
    """The thread's emails before this one that left or may have, in order."""
    before = [row for row in earlier if row.message.step < message.step and row.state in _MAY_HAVE_LEFT]
    return sorted((row for row in before if row.message_id), key=lambda row: row.message.step)


def _subject(message: Message, left: Sequence[OutboxRow]) -> str:
    """Its own; a follow-up without one has that of the thread."""
    own = one_line(message.subject)
    return own if own or not left else f"Re: {one_line(left[0].message.subject)}"


def _thread_lines(left: Sequence[OutboxRow]) -> list[bytes]:
    ids = [row.message_id for row in left if row.message_id]
    return [parts_line("In-Reply-To", ids[-1:]), parts_line("References", ids)] if ids else []

"""What mail servers say of an email: it did not arrive, they still try, or it arrived.

A report in the standard form (RFC 3464, for international addresses RFC 6533) is read field by field. Servers that
write prose instead are known by how they sign; the addresses in it are found by `flufl.bounce`, which leaves reading
the status to us.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from email.message import Message
from email.parser import HeaderParser

from miniatures.datamodel.inbound import InboundKind
from miniatures.delivery.inbound.charset import decoded, decoded_header
from miniatures.delivery.inbound.mail import Mail, addresses_in, ids_in, parts_of, read_mail
from miniatures.delivery.inbound.phrases import Said, pattern

_REPORTS = ("message/delivery-status", "message/global-delivery-status")
_RETURNED = ("message/rfc822", "message/global", "text/rfc822-headers", "message/global-headers")
_KINDS = {
    "failed": InboundKind.BOUNCE,
    "delayed": InboundKind.DELAY,
    "delivered": InboundKind.DELIVERED,
    "relayed": InboundKind.DELIVERED,
    "expanded": InboundKind.DELIVERED,
}
_GRAVEST = (InboundKind.BOUNCE, InboundKind.DELAY, InboundKind.DELIVERED)
_STATUS = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_REPLY_CODE = re.compile(r"(?<![\d.])(5\d\d)(?:[ -]|$)")
_MACHINE = re.compile(
    r"(?:mailer[-_.]?daemon|mail[-_.]?delivery|postmaster|mdaemon|microsoftexchange\w*)(?:[-+.]\w+)?@"
)
_RETURNED_BELOW = re.compile(
    r"^-{2,}.*(?:copy of the message|original message|returned mail|below this line)", re.I | re.M
)
_MOST_SAID = 500
_MOST_GUESSED_FROM = 32_768


@dataclass(frozen=True)
class DeliveryReport:
    """One report. `returned` are the Message-IDs of the email that it is about, where the report encloses it."""

    kind: InboundKind
    status: str = ""
    diagnostic: str = ""
    envelope_id: str = ""
    recipients: tuple[str, ...] = ()
    returned: tuple[str, ...] = ()


def delivery_report(mail: Mail) -> DeliveryReport | None:
    """The report that a mail is; None if it is none."""
    for part in mail.parts(*_REPORTS):
        report = _standard(mail, part)
        if report is not None:
            return report
    return _prose(mail) if is_of_a_machine(mail) else None


def is_of_a_machine(mail: Mail) -> bool:
    """Whether a mail server sent it: it names no sender to bounce to (RFC 5321, 4.5.5), or signs as one."""
    return mail.header("Return-Path") == "<>" or bool(_MACHINE.match(mail.sender))


def returned_ids(mail: Mail) -> tuple[str, ...]:
    """Message-IDs of the emails that a mail encloses, whole or as headers."""
    found = []
    for part in mail.parts(*_RETURNED):
        for enclosed in parts_of(part)[:1]:
            found.append(str(enclosed.get("Message-ID", "")))
        if not part.is_multipart():
            found.append(_fields(mail.content(part)).get("message-id", ""))
    return tuple(dict.fromkeys(id for value in found for id in ids_in(value)))


def _standard(mail: Mail, part: Message) -> DeliveryReport | None:
    about, *each = [_fields(block) for block in _blocks(mail, part)] or [{}]
    told = [fields for fields in ([about, *each] if "action" in about else each) if _kind(fields) is not None]
    if not told:
        return None
    gravest = min(told, key=lambda fields: _GRAVEST.index(_kind(fields) or InboundKind.DELIVERED))
    diagnostic = _value(gravest.get("diagnostic-code", ""))[:_MOST_SAID]
    return DeliveryReport(
        kind=_kind(gravest) or InboundKind.BOUNCE,
        status=most_exact(gravest.get("status", ""), diagnostic),
        diagnostic=diagnostic,
        envelope_id=about.get("original-envelope-id", ""),
        recipients=_recipients(told),
        returned=returned_ids(mail) or _quoted_ids(mail.text),
    )


def _kind(fields: dict[str, str]) -> InboundKind | None:
    action = fields.get("action", "").lower().split(" ")[0]
    return _KINDS.get(action)


def _blocks(mail: Mail, part: Message) -> list[str]:
    """The groups of fields of a report: what is about the email, then one for each recipient."""
    inside = b"\n\n".join(map(bytes, parts_of(part)))
    text = decoded(inside, None) if part.is_multipart() else mail.content(part)
    encoding = str(part.get("Content-Transfer-Encoding", "")).strip().lower()
    if encoding in ("base64", "quoted-printable"):
        text = mail.content(_as_leaf(text, encoding))
    return [block for block in re.split(r"\n[ \t]*\n", text.replace("\r\n", "\n").strip()) if block.strip()]


def _as_leaf(text: str, encoding: str) -> Message:
    leaf = Message()
    leaf["Content-Transfer-Encoding"] = encoding
    leaf.set_payload(text.strip())
    return leaf


def _fields(block: str) -> dict[str, str]:
    parsed = HeaderParser().parsestr(block.strip() + "\n\n")
    return {name.lower(): decoded_header(str(value)) for name, value in reversed(parsed.items())}


def _value(field: str) -> str:
    """A field's value without its type: `rfc822; anna@x.example`."""
    kind, split, value = field.partition(";")
    return value.strip() if split and re.fullmatch(r"[\w-]+", kind.strip()) else field.strip()


def _recipients(told: list[dict[str, str]]) -> tuple[str, ...]:
    fields = [fields.get(name, "") for fields in told for name in ("original-recipient", "final-recipient")]
    return tuple(dict.fromkeys(address for field in fields for address in addresses_in(_value(field))))


def most_exact(status: str, diagnostic: str) -> str:
    """The enhanced status code (RFC 3463): the server's own words are more exact than a report's `5.0.0`."""
    given = _STATUS.search(status)
    said = _STATUS.search(diagnostic)
    if given and (given[2] != "0" or said is None or said[1] != given[1]):
        return given[0]
    return said[0] if said else ""


def _prose(mail: Mail) -> DeliveryReport | None:
    """A report without the standard part: qmail's, Exchange's, some providers'."""
    failed, delayed = ((), ()) if _is_of_a_mailbox(mail) else _guessed(mail)
    named = tuple(mail.addresses("X-Failed-Recipients"))
    said = _RETURNED_BELOW.split(mail.text, 1)[0]
    if pattern(Said.STILL_TRYING).search(said) or (delayed and not (failed or named)):
        return _of_prose(mail, InboundKind.DELAY, said, delayed or failed)
    if failed or named or _is_failure(mail, said):
        return _of_prose(mail, InboundKind.BOUNCE, said, named or failed)
    return None


def _is_of_a_mailbox(mail: Mail) -> bool:
    """Whether a person's mailbox answers by itself: its note may name a colleague's address, which did not fail."""
    return mail.header("Auto-Submitted").lower().startswith("auto-replied") and not _MACHINE.match(mail.sender)


def _is_failure(mail: Mail, said: str) -> bool:
    return bool(pattern(Said.UNDELIVERED).search(mail.subject)) and bool(
        _STATUS.search(said) or _REPLY_CODE.search(said)
    )


def _of_prose(mail: Mail, kind: InboundKind, said: str, recipients: tuple[str, ...]) -> DeliveryReport:
    code = _STATUS.search(said) or _REPLY_CODE.search(said)
    paragraph = "" if code is None else said[said.rfind("\n", 0, code.start()) + 1 :].partition("\n\n")[0]
    diagnostic = " ".join(paragraph.split())[:_MOST_SAID]
    return DeliveryReport(
        kind=kind,
        status=most_exact("", diagnostic),
        diagnostic=diagnostic or " ".join(said.split())[:_MOST_SAID],
        recipients=recipients,
        returned=returned_ids(mail) or _quoted_ids(mail.text),
    )


def _quoted_ids(text: str) -> tuple[str, ...]:
    """Message-IDs of headers that stand in the text."""
    lines = re.findall(r"^[> \t]*Message-ID:(.{0,500})$", text, re.IGNORECASE | re.MULTILINE)
    return tuple(dict.fromkeys(id for line in lines for id in ids_in(line)))


def _guessed(mail: Mail) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The addresses that failed, and those that are still tried, as far as the wording is known."""
    from flufl.bounce import all_failures

    # Its rules stumble over headers that are missing or odd: they log that and raise whatever it was.
    logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL)
    try:
        delayed, failed = all_failures(read_mail(mail.root.as_bytes()[:_MOST_GUESSED_FROM]).root)
    except Exception:
        return (), ()
    return _readable(failed), _readable(delayed)


def _readable(found: frozenset[bytes]) -> tuple[str, ...]:
    return tuple(sorted(address for one in found for address in addresses_in(one.decode("ascii", "replace"))))

"""One mail as it came over the wire, read without trust: whoever knows an address of ours can send any bytes to it.

Reading never raises, and its cost is bounded before it begins: so many bytes, parts and characters are looked at, and
what is beyond them is not seen. The parts that matter here (reports, words, the headers of what was returned) come
first in every mail.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import Message
from email.parser import BytesHeaderParser
from email.policy import Compat32
from email.utils import getaddresses, parsedate_to_datetime
from functools import cached_property

from miniatures.datamodel.foreign_text import visible
from miniatures.datamodel.prospect import normalize_email, one_line
from miniatures.delivery.inbound.charset import as_text, decoded, decoded_header
from miniatures.delivery.inbound.html_text import html_text

MOST_BYTES = 1_048_576
"""Bytes of a mail that are read."""
MOST_CHARACTERS = 100_000
"""Characters of its text that are read."""
_MOST_OF_A_HEADER = 8_192
_MOST_PARTS = 100
_MOST_NESTED = 40
_MOST_LINE = 2_000
_MOST_COMMENTS = 100
_NESTED = re.compile(rb"multipart/|message/", re.IGNORECASE)
_IDS = re.compile(r"<[^<>\s\x00-\x1f\x7f]{1,250}@[^<>\s\x00-\x1f\x7f]{1,250}>")
_ADDRESS = re.compile(r"[^\s@<>\x00-\x1f\x7f]{1,250}@[^\s@<>\x00-\x1f\x7f]{1,250}")
_TO = ("Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "To", "Cc", "Resent-To")


class _Bounded(Compat32):
    """Keeps of each header what an honest one can hold, as text in which raw bytes are surrogates.

    Python's reading of parameters takes time that grows with the square of a header's length.
    """

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(sourcelines)
        return name, value[:_MOST_OF_A_HEADER]

    def header_fetch_parse(self, name: str, value: str) -> str:
        return value


_POLICY = _Bounded()


@dataclass(frozen=True)
class Mail:
    """A mail that was read; `digest` is the hash of its bytes."""

    root: Message
    digest: str

    def header(self, name: str) -> str:
        """The first header of this name in words, on one line; empty if there is none."""
        return decoded_header(str(self.root.get(name, "")))

    @cached_property
    def message_id(self) -> str:
        """Its own Message-ID, else a hash of its bytes."""
        named = ids_in(self.header("Message-ID"))
        return named[0] if named else f"<{self.digest}@no-message-id.invalid>"

    @cached_property
    def answers(self) -> tuple[str, ...]:
        """Message-IDs of what it answers, the nearest first (RFC 5322, 3.6.4)."""
        thread = reversed(ids_in(self.header("References")))
        return tuple(dict.fromkeys([*ids_in(self.header("In-Reply-To")), *thread]))

    @cached_property
    def sender(self) -> str:
        """The one address it says to be from; empty if it names none, or several."""
        found = set(self.addresses("From"))
        return found.pop() if len(found) == 1 else ""

    @cached_property
    def recipients(self) -> tuple[str, ...]:
        """Every address it was sent to, by its headers and by those that the receiving server wrote."""
        return tuple(dict.fromkeys(address for name in _TO for address in self.addresses(name)))

    def addresses(self, name: str) -> list[str]:
        """The normalized addresses in all headers of this name."""
        values = [str(value) for value in self.root.get_all(name, [])]
        return [address for value in values for address in addresses_in(value)]

    @cached_property
    def subject(self) -> str:
        return visible(one_line(self.header("Subject")))[:_MOST_LINE]

    @cached_property
    def sent_at(self) -> datetime | None:
        """By its Date header, in the sender's own zone."""
        try:
            moment = parsedate_to_datetime(self.header("Date"))
            return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        except (ValueError, TypeError, IndexError, OverflowError):
            return None

    @cached_property
    def text(self) -> str:
        """What a reader sees of it, without attachments: its plain text, else its HTML as text with quotes marked."""
        plain = [self.content(part) for part in self._shown() if part.get_content_type() == "text/plain"]
        if any(text.strip() for text in plain):
            return _lines("\n".join(plain))
        markup = [self.content(part) for part in self._shown() if part.get_content_type() == "text/html"]
        return _lines("\n".join(map(html_text, markup)))

    def parts(self, *types: str) -> Iterator[Message]:
        """Its parts of these types (`message/delivery-status`), also of enclosed mails, the outermost first."""
        return (part for part in self._walked() if part.get_content_type() in types)

    def content(self, part: Message) -> str:
        """A part's own text; empty if it is made of parts."""
        payload = part.get_payload(decode=True)
        if not isinstance(payload, bytes):
            return ""
        charset = part.get_param("charset")
        return decoded(payload[: 4 * MOST_CHARACTERS], charset if isinstance(charset, str) else None)

    def _walked(self) -> list[Message]:
        found: list[Message] = []
        waiting = [self.root]
        while waiting and len(found) < _MOST_PARTS:
            part = waiting.pop(0)
            found.append(part)
            waiting.extend(parts_of(part))
        return found

    def _shown(self) -> list[Message]:
        """The leaves that are no attachment and belong to no enclosed mail, in the order in which they are read."""
        found: list[Message] = []
        waiting = [self.root]
        while waiting and len(found) < _MOST_PARTS:
            part = waiting.pop(0)
            if part.get_content_maintype() == "multipart":
                waiting[:0] = parts_of(part)
            elif not part.is_multipart() and part.get_content_disposition() != "attachment":
                found.append(part)
        return found


def parts_of(part: Message) -> list[Message]:
    """What a part is made of; empty for a leaf."""
    payload = part.get_payload()
    return [one for one in payload if isinstance(one, Message)] if isinstance(payload, list) else []


def read_mail(raw: bytes) -> Mail:
    """Read a mail, whatever its bytes are. One that is nested beyond reason is read as headers and plain text."""
    seen = raw[:MOST_BYTES]
    digest = hashlib.sha256(seen).hexdigest()
    if len(_NESTED.findall(seen)) > _MOST_NESTED:
        return Mail(_flat(seen), digest)
    try:
        return Mail(message_from_bytes(seen, policy=_POLICY), digest)
    except (ValueError, RecursionError, IndexError, AttributeError, LookupError):
        return Mail(_flat(seen), digest)


def _flat(raw: bytes) -> Message:
    """The headers, with all below them as plain text."""
    message: Message = BytesHeaderParser(policy=_POLICY).parsebytes(raw)
    for name in ("Content-Type", "Content-Transfer-Encoding"):
        del message[name]
    return message


def ids_in(value: str) -> list[str]:
    """The Message-IDs in a text, with their angle brackets."""
    return _IDS.findall(value)


def addresses_in(value: str) -> list[str]:
    """The normalized addresses in the value of an address header; none if it nests comments to tire its reader."""
    if value.count("(") > _MOST_COMMENTS:
        return []
    found = [normalize_email(address) for _, address in getaddresses([as_text(value)])]
    return [address for address in found if _ADDRESS.fullmatch(address)]


def _lines(text: str) -> str:
    """The text with line feeds alone, and as much of it as is read."""
    cut = text[:MOST_CHARACTERS]
    return "\n".join(line[:_MOST_LINE].rstrip() for line in visible(cut).split("\n"))

"""Ties what came back to the email that it belongs to, the surest sign first.

What can be known: a token and a Message-ID hold 64 random bits, so a mail that names one was written by the recipient
of that email, by somebody they gave it to, or by a server on its way. It concerns that email and its recipient, and
nobody else, whoever it says to be from. What cannot be known is whether a From address is true. A mail that has nothing
else counts only for the person at exactly that address: a forger can pass for one person of the list and so have that
one left alone, and no more. A report that names a mere address counts for nobody.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, Protocol

from miniatures.datamodel.inbound import MatchedBy
from miniatures.datamodel.message import OutboxRow
from miniatures.datamodel.prospect import normalize_email
from miniatures.datamodel.send_settings import SendSettings
from miniatures.delivery.inbound.mail import Mail
from miniatures.delivery.inbound.told import Clues

_TOKEN = re.compile(r"(?<![0-9a-z])[0-9a-f]{32}(?![0-9a-z])")
_XTEXT = re.compile(r"\+([0-9A-Fa-f]{2})")


class Sent(Protocol):
    """Where emails are looked up that have left."""

    def row(self, id: str) -> OutboxRow | None: ...

    def by_message_id(self, message_id: str) -> OutboxRow | None: ...

    def newest_to(self, address: str) -> OutboxRow | None: ...


class Match(NamedTuple):
    """The email, and how it was found."""

    row: OutboxRow
    by: MatchedBy


@dataclass(frozen=True)
class Ours:
    """Our own addresses, as the campaign's settings have them."""

    settings: SendSettings

    @cached_property
    def addresses(self) -> frozenset[str]:
        named = [box.address for box in self.settings.mailboxes.values()]
        opt_outs = self.settings.opt_out_address
        return frozenset(map(normalize_email, [*named, *([opt_outs] if opt_outs else [])]))


def is_own(mail: Mail, ours: Ours, sent: Sent) -> bool:
    """Whether we sent it: an email of the campaign, a copy of one, or what somebody wrote from one of our mailboxes."""
    return mail.sender in ours.addresses or sent.by_message_id(mail.message_id) is not None


def match(clues: Clues, sent: Sent) -> Match | None:
    """The email to which a mail with these clues belongs, of whatever campaign; None if it is none of ours."""
    for by, row in _found(clues, sent):
        if row is not None:
            return Match(row, by)
    return None


def _found(clues: Clues, sent: Sent) -> Iterator[tuple[MatchedBy, OutboxRow | None]]:
    tokens = [*(token for address in clues.sent_to for token in _TOKEN.findall(address)), *clues.tokens]
    yield from ((MatchedBy.VERP_TOKEN, sent.row(token)) for token in tokens)
    if clues.envelope_id:
        yield MatchedBy.ENVELOPE_ID, sent.row(_without_xtext(clues.envelope_id))
    yield from ((MatchedBy.MESSAGE_ID, sent.by_message_id(id)) for id in clues.returned)
    yield from ((MatchedBy.REFERENCES, sent.by_message_id(id)) for id in clues.answers)
    if clues.sender:
        yield MatchedBy.ADDRESS, sent.newest_to(clues.sender)


def _without_xtext(text: str) -> str:
    """What xtext stands for (RFC 3461, section 4); most servers give it back as it was."""
    return _XTEXT.sub(lambda found: chr(int(found[1], 16)), text)

"""What a server's reply means for an email: taken, put off, refused, or not to be known.

The kinds of refusal are kept apart because they lead elsewhere: a recipient that does not exist is never written to
again, while a server that dislikes the sender says nothing about the recipient.
"""

from __future__ import annotations

import re
from enum import StrEnum

from miniatures.datamodel.message import ServerReply
from miniatures.delivery.inbound.rejection import Rejection, rejection

_ENHANCED = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_OF_SENDER = re.compile(
    r"\bsender\b|\brelay|\brcpthosts\b|authenticat|\b(?:daily|hourly|sending|submission).{0,30}\b(?:quota|limit)", re.I
)
_OF_EMAIL = ("5.3.4", "5.6.7")
"""Refused before the recipient is named, and not for the sender's sake: its size, or letters beyond ASCII."""


class ServerWord(StrEnum):
    """What follows from a reply."""

    TAKEN = "taken"
    PUT_OFF = "put_off"
    """Not now: nothing of it was taken, and it may be tried again later."""
    NO_SUCH_PERSON = "no_such_person"
    POLICY = "policy"
    """The sender, or what it sends, is refused; that is nothing that the recipient did."""
    REFUSED = "refused"
    """Refused for good for another reason, such as a full mailbox or a size."""
    UNKNOWN = "unknown"
    """The connection was lost while the server had the text: it may have taken it."""


def enhanced_code(text: str) -> str:
    """The enhanced status code (RFC 3463) at the start of a reply's text; empty without one."""
    found = _ENHANCED.search(text[:40])
    return found.group(0) if found else ""


def word_of(reply: ServerReply) -> ServerWord:
    """What the reply means. Without a code the connection was lost: only in `data` can the text have left."""
    if reply.code is None:
        return ServerWord.UNKNOWN if reply.stage == "data" else ServerWord.PUT_OFF
    match reply.code // 100:
        case 2:
            return ServerWord.TAKEN
        case 5:
            return _refusal(reply)
        case _:
            return ServerWord.PUT_OFF


def _refusal(reply: ServerReply) -> ServerWord:
    """A recipient is condemned only if the server says so: many answer 550 to a sender that they do not know."""
    if (reply.stage == "mail" and reply.enhanced not in _OF_EMAIL) or _OF_SENDER.search(reply.text):
        return ServerWord.POLICY
    match rejection(reply.enhanced, reply.text):
        case Rejection.ADDRESS:
            return ServerWord.NO_SUCH_PERSON
        case Rejection.POLICY:
            return ServerWord.POLICY
        case Rejection.OTHER:
            return ServerWord.REFUSED

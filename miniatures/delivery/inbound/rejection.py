"""Why an email was refused: the address takes no mail, the sender is not wanted, or something will pass.

Only the first says something of the recipient for good. A server that takes a sender for spam condemns nobody's
address: whoever suppressed recipients then would lose half a list to one bad day.
"""

from __future__ import annotations

import re
from enum import StrEnum


class Rejection(StrEnum):
    """What a refusal is about."""

    ADDRESS = "address"
    """There is no such mailbox or domain, or it takes no mail for good."""
    POLICY = "policy"
    """The sender, its server or what it says is refused."""
    OTHER = "other"
    """A full mailbox, a server out of reach, a size: it may work another time."""


_OF_ADDRESS = re.compile(r"5\.(?:1\.(?:0|1|2|3|4|6|10)|2\.1|4\.4|7\.13|7\.17)")
"""RFC 3463 and IANA's list of enhanced status codes: bad or moved mailbox, bad domain, null MX (RFC 7505), disabled
mailbox, no route to the domain, disabled account, a mailbox that changed its owner (RFC 7293)."""
_OF_POLICY = re.compile(r"[45]\.7\.\d+")


def _any(*phrases: str) -> re.Pattern[str]:
    return re.compile("|".join(phrases), re.IGNORECASE)


_SENDER_LISTED = _any(
    r"spamhaus|spamcop|barracuda ?(?:central|reputation)|sorbs|uceprotect|abuseat|surbl|uribl|spfbl|senderscore",
    r"\b(?:dns|r)bls?\b|(?:black|block|deny) ?list",
)
_POLICY_WORDS = _any(
    r"spam|junk|\bblocked\b|reputation|\bpolicy\b|policies|\bbanned\b|unsolicited|bulk mail|suspicious|phish|virus",
    r"content (?:reject|filter)|message (?:content )?reject|message refused|\b(?:dmarc|dkim|spf)\b",
    r"not (?:permitted|authori[sz]ed)|access denied|rate[- ]?limit|too many (?:messages|connections|recipients)",
    r"throttl|reverse dns|\bptr\b|malware",
)
_ADDRESS_WORDS = _any(
    r"(?:user|recipient|mailbox|account|address|adresse|empfänger)\b.{0,60}?\b"
    r"(?:unknown|not found|does(?:n't| not) exist|invalid|no longer|disabled|inactive|deactivated|unbekannt|inconnue?)",
    r"(?:no such|unknown|invalid|unrouteable|non[- ]?existent) (?:user|recipient|mailbox|account|address|local)",
    r"no mailbox (?:here )?by that name|does(?:n't| not) have an? \S+ account|nobody here|existiert nicht",
    r"(?:domain|host)(?: name)?\b.{0,40}?(?:not found|does(?:n't| not) exist)",
)
_DIRECTORY = re.compile(r"recipient address rejected: access denied", re.IGNORECASE)
"""Exchange Online's words for an address that its directory does not have, with the status 5.4.1."""


def rejection(status: str, diagnostic: str) -> Rejection:
    """What a refusal is about, by its enhanced status code and the server's words; the words decide where the code
    is general."""
    if _SENDER_LISTED.search(diagnostic):
        return Rejection.POLICY
    if _OF_ADDRESS.fullmatch(status) or _DIRECTORY.search(diagnostic):
        return Rejection.ADDRESS
    if _OF_POLICY.fullmatch(status):
        return Rejection.POLICY
    if status and status.split(".")[1] not in ("0", "5"):
        return Rejection.POLICY if _POLICY_WORDS.search(diagnostic) else Rejection.OTHER
    if _ADDRESS_WORDS.search(diagnostic) and not status.startswith("4"):
        return Rejection.ADDRESS
    return Rejection.POLICY if _POLICY_WORDS.search(diagnostic) else Rejection.OTHER

"""Addresses and domains as they go over the wire: a domain in ASCII (IDNA 2008), whatever script it is shown in.

Nearly every server takes such a domain. Only a name before the @ that is not ASCII needs a server with SMTPUTF8
(RFC 6531).
"""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import quote, urlsplit, urlunsplit

from miniatures.datamodel.errors import InputError
from miniatures.datamodel.message import Message


class BadAddress(InputError):
    """An address that no mail can be sent to or from."""


@lru_cache(maxsize=1024)
def wire_address(address: str) -> str:
    """The address with its domain in ASCII; what stands before the @ is in NFC. Reserved domains pass, for trials.

    Raises:
        BadAddress: it is no address, or its domain has no ASCII form.
    """
    from email_validator import EmailNotValidError, validate_email

    try:
        valid = validate_email(address, check_deliverability=False, globally_deliverable=False, test_environment=True)
    except EmailNotValidError as error:
        raise BadAddress(f"{address[:80]!r} is no email address: {error}", hint="Correct it in the list.") from error
    return f"{valid.local_part}@{valid.ascii_domain}"


def wire_domain(address: str) -> str:
    """The domain of an address, in ASCII; raises as `wire_address` does."""
    return wire_address(address).rpartition("@")[2]


def ascii_domain(domain: str) -> str:
    """A bare domain in ASCII.

    Raises:
        BadAddress: it has no such form.
    """
    import idna

    try:
        return idna.encode(domain, uts46=True).decode("ascii")
    except idna.IDNAError as error:
        raise BadAddress(f"{domain[:80]!r} is no domain: {error}") from error


def ascii_url(url: str) -> str:
    """A web address whose host is in ASCII, for a header; raises as `ascii_domain` does."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if host.isascii():
        return url
    port = f":{parts.port}" if parts.port else ""
    return urlunsplit(parts._replace(netloc=f"{ascii_domain(host)}{port}"))


def mailto(address: str, subject: str) -> str:
    """A link that opens an email to this address (RFC 6068)."""
    return f"mailto:{quote(wire_address(address), safe='@')}?subject={quote(subject)}"


def needs_smtputf8(message: Message) -> bool:
    """Whether the recipient can only be reached over servers with SMTPUTF8; raises as `wire_address` does."""
    return not wire_address(message.address).isascii()

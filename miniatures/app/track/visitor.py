"""What a request tells of whoever asks, as a raw hit keeps it: no address of a mailbox, and nothing without bounds."""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from starlette.requests import Request

from miniatures.app.address import is_loopback
from miniatures.datamodel.errors import InputError
from miniatures.datamodel.hit import Hit, HitKind
from miniatures.datamodel.message import Message
from miniatures.delivery.hits.classify import OWN

Networks = Sequence[IPv4Network | IPv6Network]

OWN_COOKIE = "own"
ONE_CLICK = "list-unsubscribe"
"""The name among a hit's headers under which it is kept that a mail provider opted out on a person's behalf."""
KEPT = (
    "accept",
    "accept-language",
    "purpose",
    "sec-ch-ua",
    "sec-fetch-dest",
    "sec-fetch-mode",
    "sec-fetch-user",
    "sec-purpose",
    "via",
    "x-moz",
    "x-purpose",
)
"""The headers that tell something of who asks."""
_LONGEST = 300
_MAILBOX = re.compile(r"[^\s@<>();,]+@[^\s@<>();,]+")


def networks_of(proxies: Iterable[str]) -> Networks:
    """The proxies' addresses or networks.

    Raises:
        InputError: one is neither.
    """
    try:
        return [ip_network(proxy, strict=False) for proxy in proxies]
    except ValueError as error:
        raise InputError(f"--proxy: {error}", hint="Give an IP address, such as 127.0.0.1, or a network.") from error


def address_of(request: Request, proxies: Networks) -> str:
    """The IP address of whoever asks; empty if there is none.

    Only a known proxy is believed when it says for whom it asks, and of what it was told itself only what a further
    known proxy said.
    """
    peer = _address(request.client.host) if request.client else None
    told = [_address(part) for line in request.headers.getlist("x-forwarded-for") for part in line.split(",")]
    while told and peer is not None and any(peer in network for network in proxies):
        before = told.pop()
        if before is None:
            break
        peer = before
    return "" if peer is None else str(peer)


def hit_of(request: Request, message: Message, kind: HitKind, link: int | None, address: str, at: datetime) -> Hit:
    """The raw hit."""
    headers = {name: _kept(request.headers[name]) for name in KEPT if name in request.headers}
    return Hit(
        campaign=message.campaign,
        prospect=message.prospect,
        message=message.id,
        kind=kind,
        link=link,
        at=at,
        method=request.method,
        address=address,
        user_agent=_kept(request.headers.get("user-agent", "")),
        headers=headers,
    )


def noted(hit: Hit, name: str, value: str) -> Hit:
    """The hit with something that the tracker knows of it."""
    return hit.model_copy(update={"headers": {**hit.headers, name: value}})


def own_visit(request: Request, address: str, key: str, url: str) -> str:
    """How it is known that the sender themself asks; empty if it is not.

    What comes from this machine to an address that leads here from outside is nobody's who was written to.
    """
    if hmac.compare_digest(request.cookies.get(OWN_COOKIE, "").encode(), key.encode()):
        return "cookie"
    return "loopback" if is_loopback(address) and not is_loopback(urlsplit(url).hostname or "") else ""


def noted_own(hit: Hit, how: str) -> Hit:
    """The hit, marked as the sender's own if it is known how."""
    return noted(hit, OWN, how) if how else hit


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        known = ip_address(text.strip().partition("%")[0])
    except ValueError:
        return None
    mapped = known.ipv4_mapped if isinstance(known, IPv6Address) else None
    return mapped or known


def _kept(text: str) -> str:
    return _MAILBOX.sub("", text[:_LONGEST])

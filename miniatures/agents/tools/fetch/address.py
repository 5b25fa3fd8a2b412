"""Which IP addresses may be connected to: public ones, and those that a person allowed by hand.

The judgement is on the address of the connection itself, so no spelling of a host name (decimal, octal, mapped) and no
change of a DNS answer gets around it. Networks: the IANA special-purpose registries of IPv4 and IPv6.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from miniatures.datamodel.errors import InputError, MiniaturesError

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_REFUSED_V4 = {
    "0.0.0.0/8": "this network",
    "10.0.0.0/8": "private",
    "100.64.0.0/10": "carrier-grade NAT",
    "127.0.0.0/8": "loopback",
    "168.63.129.16/32": "cloud metadata",
    "169.254.0.0/16": "link-local",
    "172.16.0.0/12": "private",
    "192.0.0.0/24": "protocol assignments",
    "192.0.2.0/24": "documentation",
    "192.31.196.0/24": "special purpose",
    "192.52.193.0/24": "special purpose",
    "192.88.99.0/24": "6to4 relay",
    "192.168.0.0/16": "private",
    "192.175.48.0/24": "special purpose",
    "198.18.0.0/15": "benchmarking",
    "198.51.100.0/24": "documentation",
    "203.0.113.0/24": "documentation",
    "224.0.0.0/4": "multicast",
    "240.0.0.0/4": "reserved",
}
_REFUSED_V6 = {
    "2001::/23": "protocol assignments",
    "2001:db8::/32": "documentation",
    "2002::/16": "6to4",
    "2620:4f:8000::/48": "special purpose",
    "3fff::/20": "documentation",
}
_GLOBAL_V6 = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")
_REFUSED: tuple[tuple[Network, str], ...] = tuple(
    (ipaddress.ip_network(network), word) for network, word in (_REFUSED_V4 | _REFUSED_V6).items()
)


class AddressRefused(MiniaturesError):
    """A connection to a private, reserved or otherwise not public address was asked for, and not made."""


class AddressGuard:
    """Says whether an address may be connected to.

    `allow` lists exceptions: `127.0.0.1`, `10.1.0.0/16`, or with one port only, `127.0.0.1:8080` and `[::1]:8080`.

    Raises:
        InputError: an entry of `allow` is none of these.
    """

    def __init__(self, allow: Sequence[str] = ()) -> None:
        self._allowed = tuple(_parse_allowed(entry) for entry in allow)

    def check(self, address: str, port: int, host: str) -> None:
        """Return for an address that may be connected to.

        Raises:
            AddressRefused: it may not.
        """
        reason = self.refusal(address, port)
        if reason:
            raise AddressRefused(
                f"{host} leads to {address}, which is not a public address ({reason})",
                hint="If this is meant, add the address to fetch.allow in the campaign file.",
            )

    def refusal(self, address: str, port: int) -> str:
        """Why the address may not be connected to; empty if it may."""
        try:
            parsed = _effective(ipaddress.ip_address(address))
        except ValueError:
            return "not an IP address"
        if any(parsed in network and only_port in (None, port) for network, only_port in self._allowed):
            return ""
        return _refusal_of(parsed)


def _effective(address: Address) -> Address:
    """The IPv4 address inside a mapped or NAT64 one; others as they are."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def _refusal_of(address: Address) -> str:
    if isinstance(address, IPv6Address):
        if address not in _GLOBAL_V6:
            return "not global unicast"
        if (int(address) >> 32) & 0xFDFFFFFF == 0x00005EFE:
            return "ISATAP"
    return next((word for network, word in _REFUSED if address in network), "")


def _parse_allowed(entry: str) -> tuple[Network, int | None]:
    host, port = split_port(entry)
    try:
        return ipaddress.ip_network(host, strict=False), port
    except ValueError as error:
        raise InputError(
            f"fetch.allow: {entry!r} is no IP address or network",
            hint="Write 127.0.0.1, 10.1.0.0/16 or 127.0.0.1:8080; host names are not accepted here.",
        ) from error


def split_port(entry: str) -> tuple[str, int | None]:
    """`address[:port]` into its parts; an IPv6 address with a port stands in brackets."""
    text = entry.strip()
    host, separator, port = text.rpartition(":")
    if separator and port.isascii() and port.isdigit() and (host.startswith("[") or ":" not in host):
        return host.strip("[]"), int(port)
    return text.strip("[]"), None

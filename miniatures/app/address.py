"""Where a server listens: whether only this machine reaches it, and by which address a person does."""

from __future__ import annotations

from ipaddress import ip_address

ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}
"""What listens everywhere, and how to reach it from here."""


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches what listens there."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def reached(host: str) -> str:
    """What listens there, as an address on this machine names it."""
    return ANYWHERE.get(host, f"[{host}]" if ":" in host else host)

"""Who takes the mail of a domain: what is sent to one provider counts together, however many domains it serves."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dns.asyncresolver import Resolver

_TIMEOUT_S = 3.0
_SILENT_AFTER = 20
"""Lookups in a row that nobody answered."""
_AT_ONCE = 20

MxLookup = Callable[[str], Awaitable[Sequence[str] | None]]
"""The hosts that take a domain's mail, the preferred first; empty if it has none, null if nobody answers."""


class Providers:
    """Looks each domain up once. Where no server answers at all, such as offline, it soon stops asking."""

    def __init__(self, lookup: MxLookup) -> None:
        self._lookup = lookup
        self._known: dict[str, str | None] = {}
        self._unanswered = 0
        self._turn = asyncio.Semaphore(_AT_ONCE)

    async def of(self, domain: str) -> str:
        """The provider of a domain, as the registrable domain of its mail's host; the domain itself if unknown."""
        return await self.told(domain) or domain

    async def told(self, domain: str) -> str | None:
        """The same; null if nobody answered. A domain without a mail host takes its mail itself (RFC 5321, 5.1)."""
        if domain not in self._known:
            hosts = await self._hosts(domain)
            self._known[domain] = None if hosts is None else provider_name(hosts[0]) if hosts else domain
        return self._known[domain]

    async def _hosts(self, domain: str) -> Sequence[str] | None:
        async with self._turn:
            if self._unanswered >= _SILENT_AFTER:
                return None
            hosts = await self._lookup(domain)
        self._unanswered = self._unanswered + 1 if hosts is None else 0
        return hosts


def provider_name(host: str) -> str:
    """`aspmx.l.google.com` is google.com's."""
    from tld import get_fld

    host = host.rstrip(".").lower()
    return get_fld(host, fix_protocol=True, fail_silently=True) or ".".join(host.split(".")[-2:])


def mx_lookup(resolver: Resolver | None = None) -> MxLookup:
    """Asks the system's resolver, or the one that is given."""
    return partial(_mx_hosts, resolver)


async def _mx_hosts(resolver: Resolver | None, domain: str) -> Sequence[str] | None:
    from dns.asyncresolver import Resolver
    from dns.exception import DNSException
    from dns.resolver import NXDOMAIN, NoAnswer

    try:
        found = await (resolver or Resolver()).resolve(domain, "MX", lifetime=_TIMEOUT_S)
    except (NXDOMAIN, NoAnswer):
        return ()
    except (DNSException, OSError, ValueError):
        return None
    hosts = [str(record.exchange) for record in sorted(found, key=lambda record: record.preference)]
    return [host for host in hosts if host != "."]  # "." says that the domain takes no mail (RFC 7505).

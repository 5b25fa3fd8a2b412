"""Asks the DNS, and keeps `there is none` apart from `nobody answered`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from miniatures.delivery.doctor.finding import CouldNotLook

if TYPE_CHECKING:
    from dns.asyncresolver import Resolver


class MailServer(NamedTuple):
    """One line of an MX record; the lowest preference is tried first."""

    preference: int
    host: str


class Dns:
    """Resolves over the given servers, or over the system's if none is given. Every method raises `CouldNotLook`."""

    def __init__(self, servers: Sequence[str] = (), *, port: int = 53, timeout_s: float = 5) -> None:
        self._servers, self._port, self._timeout_s = list(servers), port, timeout_s
        self._resolver: Resolver | None = None

    async def texts(self, name: str) -> list[str]:
        """The TXT records, each with its strings joined."""
        return [b"".join(record.strings).decode("utf-8", "replace") for record in await self._ask(name, "TXT")]

    async def mail_servers(self, name: str) -> list[MailServer]:
        """The MX records, the first to be tried first."""
        found = await self._ask(name, "MX")
        return sorted(MailServer(one.preference, str(one.exchange).rstrip(".")) for one in found)

    async def addresses(self, name: str) -> list[str]:
        """IPv4 and IPv6 addresses."""
        four, six = await self._ask(name, "A"), await self._ask(name, "AAAA")
        return [str(record.address) for record in (*four, *six)]

    async def _ask(self, name: str, kind: str) -> list[Any]:
        from dns.exception import DNSException
        from dns.resolver import NXDOMAIN, NoAnswer

        try:
            return list(await self._opened().resolve(name, kind, search=False, lifetime=self._timeout_s))
        except (NXDOMAIN, NoAnswer):
            return []
        except DNSException as error:
            raise CouldNotLook(f"the DNS did not answer for {kind} of {name}: {type(error).__name__}") from error

    def _opened(self) -> Resolver:
        from dns.asyncresolver import Resolver
        from dns.resolver import NoResolverConfiguration

        if self._resolver is None:
            try:
                self._resolver = Resolver(configure=not self._servers)
            except NoResolverConfiguration as error:
                raise CouldNotLook("this machine names no DNS server") from error
            if self._servers:
                self._resolver.nameservers, self._resolver.port = list(self._servers), self._port
        return self._resolver

"""The campaign's own /etc/hosts: names that lead to a given address, so that test sites have real host names."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping

from miniatures.agents.tools.fetch.address import split_port
from miniatures.datamodel.errors import InputError


class HostsMap:
    """Host name, or `*.suffix`, to `address[:port]`. A port replaces the one connected to; the URL keeps its own.

    Raises:
        InputError: a target is no IP address.
    """

    def __init__(self, hosts: Mapping[str, str]) -> None:
        self._targets = {name.lower().rstrip("."): _parse_target(name, target) for name, target in hosts.items()}

    def lookup(self, host: str, port: int) -> tuple[str, int] | None:
        """The address and port for a host, or None if the map does not name it. An exact name beats a suffix."""
        name = host.lower().rstrip(".")
        labels = name.split(".")
        patterns = [name, *(f"*.{'.'.join(labels[cut:])}" for cut in range(1, len(labels)))]
        found = next((self._targets[pattern] for pattern in patterns if pattern in self._targets), None)
        return None if found is None else (found[0], found[1] or port)


def _parse_target(name: str, target: str) -> tuple[str, int | None]:
    address, port = split_port(target)
    try:
        ipaddress.ip_address(address)
    except ValueError as error:
        raise InputError(
            f"hosts.{name}: {target!r} is no IP address", hint="Write 127.0.0.1, 127.0.0.1:8080 or [::1]:8080."
        ) from error
    return address, port

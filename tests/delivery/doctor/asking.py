"""Asks the DNS server of the tests, as the doctor asks a real one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from miniatures.delivery.doctor.dns import Dns
from tests.delivery.dns_server import Zone, serving_zone


@contextmanager
def dns_of(zone: Zone) -> Iterator[Dns]:
    """A client of a server that serves this zone."""
    with serving_zone(zone) as port:
        yield Dns(["127.0.0.1"], port=port, timeout_s=0.5)

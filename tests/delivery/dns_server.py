"""A DNS server on loopback: it answers over UDP from a dictionary, so that checks ask real questions."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

Zone = Mapping[tuple[str, str], Sequence[str]]
"""(name, kind) -> records as a zone file writes them. A name that it does not hold does not exist."""

SILENT = ("!silent",)
"""In place of records: the server never answers."""
BROKEN = ("!broken",)
"""In place of records: the server says that it failed (SERVFAIL)."""


@contextmanager
def serving_zone(zone: Zone) -> Iterator[int]:
    """Serves the zone on 127.0.0.1 for as long as the block lasts; gives its port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.settimeout(0.05)
        ended = threading.Event()
        thread = threading.Thread(target=_serve, args=(listener, zone, ended))
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            ended.set()
            thread.join()


def text(content: str) -> str:
    """A TXT record of any length, in strings of 255 characters at most."""
    return " ".join(f'"{content[start : start + 255]}"' for start in range(0, len(content), 255))


def _serve(listener: socket.socket, zone: Zone, ended: threading.Event) -> None:
    while not ended.is_set():
        try:
            wire, client = listener.recvfrom(4096)
        except TimeoutError:
            continue
        answer = _answer(dns.message.from_wire(wire), zone)
        if answer is not None:
            listener.sendto(answer.to_wire(), client)


def _answer(query: dns.message.Message, zone: Zone) -> dns.message.Message | None:
    question = query.question[0]
    name, kind = str(question.name).rstrip(".").lower(), dns.rdatatype.to_text(question.rdtype)
    records = zone.get((name, kind), ())
    answer = dns.message.make_response(query)
    answer.flags |= dns.flags.RA
    if records == SILENT:
        return None
    if records == BROKEN:
        answer.set_rcode(dns.rcode.SERVFAIL)
    elif records:
        answer.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, *records))
    elif not any(known == name for known, _ in zone):
        answer.set_rcode(dns.rcode.NXDOMAIN)
    return answer

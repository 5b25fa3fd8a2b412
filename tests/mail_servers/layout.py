"""Where one real mail server has its files and ports: all that its Postfix and its Dovecot must agree on."""

from __future__ import annotations

import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.mail_servers.certificates import Certificate, write_certificate

HOST = "127.0.0.1"
LATE_DOMAIN = "late.example"
"""Its server accepts any recipient, and sends a delivery report when there is no such person. At every other domain
under .example and .test, and at example.com, .net and .org, who is not there is refused at RCPT: 550 5.1.1. So is every
recipient at a domain that is not reserved for tests: 550 5.1.2.
"""
SIEVE_DOMAIN = "sieve.example"
"""Who has an address here, or at a domain under it, can be away. Mail for these and for LATE_DOMAIN is delivered by
Dovecot, which has no SMTPUTF8; mail for all others by Postfix, which has it.
"""
MAIL_UID = 5000
"""Owns all mail; it needs no entry in the system's list of users."""


@dataclass(frozen=True)
class Layout:
    """A folder, with a name that no other server on this machine has, and free ports."""

    folder: Path
    certificate: Certificate
    smtp_port: int
    smtps_port: int
    imap_port: int
    imaps_port: int

    @property
    def name(self) -> str:
        """What the server greets with, so that it cannot be taken for another."""
        return self.folder.name

    @property
    def postfix(self) -> Path:
        return self.folder / "postfix"

    @property
    def dovecot(self) -> Path:
        return self.folder / "dovecot"

    @property
    def lmtp_socket(self) -> Path:
        return self.dovecot / "lmtp"

    @property
    def auth_socket(self) -> Path:
        return self.dovecot / "auth"

    @property
    def users(self) -> Path:
        return self.folder / "users"

    @property
    def mail(self) -> Path:
        return self.folder / "mail"

    def home(self, address: str) -> Path:
        """The folder of a person, which holds their maildir and their Sieve script."""
        local, _, domain = address.lower().rpartition("@")
        return self.mail / domain / local


@contextmanager
def new_layout() -> Iterator[Layout]:
    """A fresh folder, until the block ends."""
    folder = Path(tempfile.mkdtemp(prefix="mail-"))
    try:
        folder.chmod(0o755)  # Postfix and Dovecot enter it as users of their own
        layout = Layout(folder, write_certificate(folder), *_free_ports(4))
        for path in (layout.postfix, layout.dovecot, layout.mail):
            path.mkdir()
        yield layout
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _free_ports(count: int) -> list[int]:
    with ExitStack() as probes:
        bound = [probes.enter_context(socket.create_server((HOST, 0))) for _ in range(count)]
        return [probe.getsockname()[1] for probe in bound]

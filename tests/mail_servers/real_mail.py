"""Real mail servers on loopback, for what is not to be imitated: delivery reports, mailboxes, vacations."""

from __future__ import annotations

import os
import shutil
import smtplib
import subprocess
import time
from contextlib import ExitStack, suppress
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8, default
from pathlib import Path

from tests.mail_servers.daemons import NotStarted, running
from tests.mail_servers.dovecot import LIBRARY, PROGRAM, vacation_script, write_dovecot, write_password
from tests.mail_servers.layout import HOST, LATE_DOMAIN, MAIL_UID, SIEVE_DOMAIN, new_layout
from tests.mail_servers.postfix import MASTER, write_mailboxes, write_postfix

__all__ = ["HOST", "LATE_DOMAIN", "SIEVE_DOMAIN", "MailServer", "why_unavailable"]

_ATTEMPTS = 3
_PACKAGES = {
    "postfix": MASTER,
    "dovecot-imapd": LIBRARY / "imap",
    "dovecot-lmtpd": LIBRARY / "lmtp",
    "dovecot-sieve": LIBRARY / "modules/lib90_sieve_plugin.so",
}


def why_unavailable() -> str | None:
    """Why no real mail server can run here, in a sentence; None where it can."""
    missing = [package for package, file in _PACKAGES.items() if not file.exists()]
    if missing:
        return f"no real mail server here, so nothing is tested against one: apt-get install {' '.join(missing)}"
    version = subprocess.run([PROGRAM, "--version"], capture_output=True, text=True, check=True).stdout.split()[0]
    if not version.startswith("2.3."):
        return (
            f"Dovecot {version} is here, and 2.3 is what is configured, so nothing is tested against a real mail server"
        )
    if os.geteuid() != 0:
        return "only root can start Postfix and Dovecot, so nothing is tested against a real mail server"
    return None


class MailServer:
    """Postfix and Dovecot, started as the block begins and gone when it ends.

    They listen at 127.0.0.1: `smtp_port` and `imap_port` offer STARTTLS, `smtps_port` and `imaps_port` speak TLS from
    the start. `ca_file` vouches for their certificate, which is for localhost and 127.0.0.1. Mail is taken without a
    login; who has a mailbox here may log in, once the line is encrypted (SMTP) or at any time (IMAP).
    """

    def __init__(self) -> None:
        self._end = ExitStack()
        self._addresses: set[str] = set()

    def __enter__(self) -> MailServer:
        for _ in range(_ATTEMPTS - 1):
            try:
                return self._start()
            except NotStarted:  # most likely, somebody took a port after it was found free
                continue
        return self._start()

    def __exit__(self, *_: object) -> None:
        self._end.close()

    def _start(self) -> MailServer:
        with ExitStack() as started:
            at = self._at = started.enter_context(new_layout())
            log = at.folder / "start.log"
            started.enter_context(running(write_dovecot(at), log, at.imap_port, at.name))
            started.enter_context(running(write_postfix(at), log, at.smtp_port, at.name))
            self._end = started.pop_all()
        return self

    @property
    def smtp_port(self) -> int:
        return self._at.smtp_port

    @property
    def smtps_port(self) -> int:
        return self._at.smtps_port

    @property
    def imap_port(self) -> int:
        return self._at.imap_port

    @property
    def imaps_port(self) -> int:
        return self._at.imaps_port

    @property
    def ca_file(self) -> Path:
        return self._at.certificate.ca_file

    def add_user(self, address: str, password: str = "secret") -> None:
        """Open a mailbox with a Sent folder. Mail for name+anything@domain comes to name@domain."""
        self.add_users({address: password})

    def add_users(self, passwords: dict[str, str]) -> None:
        """Open many mailboxes in one go: addresses with their passwords."""
        for address, password in passwords.items():
            self._make_maildir(address)
            write_password(self._at, address.lower(), password)
            self._addresses.add(address.lower())
        write_mailboxes(self._at, self._addresses)

    def _make_maildir(self, address: str) -> None:
        maildir = self.maildir(address)
        for part in ("cur", "new", "tmp"):
            (maildir / part).mkdir(parents=True, exist_ok=True)
        for path in (maildir.parent.parent, maildir.parent, maildir, *maildir.iterdir()):
            shutil.chown(path, MAIL_UID, MAIL_UID)

    def maildir(self, address: str) -> Path:
        """The person's inbox."""
        return self._at.home(address) / "Maildir"

    def set_vacation(self, address: str, reply: str) -> None:
        """From now on each sender who writes to the person, by name in To or Cc, gets this reply once.

        Raises:
            ValueError: the address is not at SIEVE_DOMAIN, under it, or at LATE_DOMAIN.
        """
        if not address.lower().endswith((f"@{LATE_DOMAIN}", f"@{SIEVE_DOMAIN}", f".{SIEVE_DOMAIN}")):
            raise ValueError(f"{address} has no Sieve: people at {SIEVE_DOMAIN} can be away")
        script = self._at.home(address) / ".dovecot.sieve"
        script.write_text(vacation_script(reply), encoding="utf-8")
        script.with_suffix(".svbin").unlink(missing_ok=True)
        shutil.chown(script, MAIL_UID, MAIL_UID)

    def deliver(self, message: EmailMessage | bytes, to: str, sender: str = "somebody@elsewhere.example") -> None:
        """Hand in a message as another server would, with this envelope.

        Raises:
            smtplib.SMTPException: it was not accepted.
        """
        is_ascii = (sender + to).isascii()
        content = message if isinstance(message, bytes) else message.as_bytes(policy=SMTP if is_ascii else SMTPUTF8)
        with smtplib.SMTP(HOST, self.smtp_port, timeout=20) as connection:
            connection.sendmail(sender, [to], content, () if is_ascii else ("SMTPUTF8",))

    def messages(self, address: str) -> list[EmailMessage]:
        """What lies in the inbox, read or not, in the order in which it came."""
        while True:
            with suppress(FileNotFoundError):  # an IMAP client moves what it sees from new to cur
                files = sorted(self._files(address), key=lambda file: file.stat().st_mtime_ns)
                return [message_from_bytes(file.read_bytes(), EmailMessage, policy=default) for file in files]

    def await_messages(self, address: str, count: int = 1, timeout_s: float = 15) -> list[EmailMessage]:
        """The inbox as soon as so many messages are in it.

        Raises:
            TimeoutError: they do not come; the message ends with Postfix's own log.
        """
        deadline = time.monotonic() + timeout_s
        while (found := len(self._files(address))) < count:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{found} of {count} messages for {address} in {timeout_s} s:\n{self._log_end()}")
            time.sleep(0.02)
        return self.messages(address)

    def _files(self, address: str) -> list[Path]:
        maildir = self.maildir(address)
        return [*maildir.glob("new/*"), *maildir.glob("cur/*")]

    def _log_end(self) -> str:
        return (self._at.folder / "postfix.log").read_text(encoding="utf-8", errors="replace")[-4000:]

"""A real SMTP server on loopback that misbehaves as told, and remembers every message that it has accepted.

In a thread of the test, or in a process of its own that takes mail from many senders and outlives their deaths:
`python -m tests.mail_servers.unruly_smtp --port 0 --log FILE`.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

from tests.mail_servers.accepted import Accepted
from tests.mail_servers.certificates import Certificate, write_certificate
from tests.mail_servers.conduct import Conduct
from tests.mail_servers.conversation import Conversation
from tests.mail_servers.faults import Fault, Stage
from tests.mail_servers.layout import HOST

__all__ = ["HOST", "Fault", "Stage", "Tls", "UnrulySmtp", "unruly_process"]

_ROOT = Path(__file__).resolve().parents[2]


class Tls(StrEnum):
    """The certificate behind STARTTLS. Only the good one is to be taken, and that only by who trusts `ca_file`."""

    GOOD = "good"
    EXPIRED = "expired"
    OTHER_HOST = "other host"


class UnrulySmtp:
    """Listens at 127.0.0.1 from the beginning of the block to its end. `faults` may be replaced at any time.

    Args:
        faults: the first that is due at a stage is committed there.
        tls: offers STARTTLS, with this certificate; None offers none.
        lacks: extensions that it is not to have, such as SMTPUTF8 or 8BITMIME.
        users: names with passwords; if there are any, nobody sends without a login.
        port: 0 takes a free one.
        log: a file to which every accepted message is appended, too.
    """

    def __init__(
        self,
        *faults: Fault,
        tls: Tls | None = None,
        lacks: Collection[str] = (),
        users: Mapping[str, str] | None = None,
        port: int = 0,
        log: Path | None = None,
    ) -> None:
        self._conduct = Conduct(faults, lacks, users or {}, log)
        self._tls = tls
        self._end = ExitStack()
        self.port = port

    def __enter__(self) -> UnrulySmtp:
        if self._tls:
            folder = self._end.enter_context(tempfile.TemporaryDirectory(prefix="unruly-"))
            self._certificate = _certificate(self._tls, Path(folder))
            self._conduct.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._conduct.tls.load_cert_chain(self._certificate.certificate_file, self._certificate.key_file)
        listener = socket.create_server((HOST, self.port))
        self.port = listener.getsockname()[1]
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._run, args=(listener,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        self._end.close()

    @property
    def ca_file(self) -> Path:
        """Vouches for the certificate, which is for localhost and 127.0.0.1."""
        return self._certificate.ca_file

    @property
    def accepted(self) -> list[Accepted]:
        """Every message kept so far, whether the client was told or not."""
        return list(self._conduct.accepted)

    @property
    def connections(self) -> int:
        """How many there were so far."""
        return self._conduct.connections

    @property
    def faults(self) -> Sequence[Fault]:
        return self._conduct.faults

    @faults.setter
    def faults(self, faults: Sequence[Fault]) -> None:
        self._conduct.faults = faults

    def _run(self, listener: socket.socket) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:  # ends the conversations that are left
            runner.run(self._serve(listener))

    async def _serve(self, listener: socket.socket) -> None:
        server = await self._loop.create_server(lambda: Conversation(self._conduct), sock=listener)
        await self._stop.wait()
        server.close()


def _certificate(tls: Tls, folder: Path) -> Certificate:
    match tls:
        case Tls.GOOD:
            return write_certificate(folder)
        case Tls.EXPIRED:
            return write_certificate(folder, age=timedelta(days=2))
        case Tls.OTHER_HOST:
            return write_certificate(folder, host="elsewhere.example")


@contextmanager
def unruly_process(log: Path, *faults: Fault) -> Iterator[int]:
    """The server in a process of its own, until the block ends; its port. `read_log(log)` gives what it accepted."""
    arguments = [argument for fault in faults for argument in ("--fault", fault.model_dump_json())]
    command = [sys.executable, "-m", "tests.mail_servers.unruly_smtp", "--log", str(log), *arguments]
    process = subprocess.Popen(command, cwd=_ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.communicate()


def main() -> None:
    """Serve until the process is ended; the port that is bound is printed first."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--fault", type=Fault.model_validate_json, action="append", default=[], help="a Fault as JSON")
    options = parser.parse_args()
    with UnrulySmtp(*options.fault, port=options.port, log=options.log) as server:
        print(server.port, flush=True)
        signal.pause()


if __name__ == "__main__":
    main()

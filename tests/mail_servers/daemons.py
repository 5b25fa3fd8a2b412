"""Programs that run in the foreground as our children, until we end them and all that they started."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.mail_servers.layout import HOST

_START_S = 15


class NotStarted(Exception):
    """A program ended, or kept silent, before it greeted as it should."""


@contextmanager
def running(command: Sequence[str], log: Path, port: int, greeting: str) -> Iterator[None]:
    """Run it until the block ends, which begins when the port is answered with that word in its greeting.

    Raises:
        NotStarted: it does not come to that; the message ends with what it wrote to the log.
    """
    with log.open("ab") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True)
    try:
        _await_greeting(process, port, greeting.encode(), log)
        yield
    finally:
        _end(process)


def _await_greeting(process: subprocess.Popen[bytes], port: int, greeting: bytes, log: Path) -> None:
    deadline = time.monotonic() + _START_S
    while greeting not in _first_line(port):
        if process.poll() is not None or time.monotonic() > deadline:
            raise NotStarted(f"nothing greets at port {port}: {log.read_text(errors='replace')[-2000:]}")
        time.sleep(0.01)


def _first_line(port: int) -> bytes:
    try:
        with socket.create_connection((HOST, port), timeout=2) as connection:
            return connection.recv(1000)
    except OSError:
        return b""


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill the session that it began; its files go, too, so that there is nothing to bring to a good end."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()

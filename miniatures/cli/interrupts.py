"""Ctrl-C: the first lets a run finish what is in flight, the second stops it at once. Both can be resumed."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from miniatures.datamodel.errors import ExitCode

_SHOW_CURSOR = "\x1b[?25h"


@contextmanager
def drain_on_interrupt(stop: asyncio.Event, say: Callable[[str], None], resume: str) -> Iterator[None]:
    """Within the block, SIGINT and SIGTERM set `stop`; a second one ends the process there and then.

    Ending it so is safe: what the ledger calls finished is on disk. `resume` is the command that goes on.
    """
    loop = asyncio.get_running_loop()
    asked = False

    def handle(_signal: int, _frame: FrameType | None) -> None:
        nonlocal asked
        if asked:
            _end_at_once(resume)
        asked = True
        loop.call_soon_threadsafe(stop.set)
        loop.call_soon_threadsafe(say, "Finishing what is in flight. Ctrl-C again stops at once.")

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end_at_once(resume: str) -> None:
    cursor = _SHOW_CURSOR if sys.stdout.isatty() else ""
    os.write(sys.stderr.fileno(), f"{cursor}\nStopped. Go on with: {resume}\n".encode())
    # Threads of an inference engine cannot be interrupted, so the interpreter is not asked to wait for them.
    os._exit(ExitCode.INTERRUPTED)

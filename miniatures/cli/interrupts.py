"""Carries long work out, with progress and so that it can be stopped.

The first Ctrl-C lets a run finish what is in flight, the second stops it at once. Both can be resumed.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager
from types import FrameType
from typing import TextIO, TypeVar

from miniatures.agents.run_events import Progress
from miniatures.cli.progress import open_progress
from miniatures.datamodel.errors import ExitCode

_SHOW_CURSOR = "\x1b[?25h"

Done = TypeVar("Done")
Work = Callable[[Callable[[Progress], None], asyncio.Event], Awaitable[Done]]
"""What is to be done: it tells how far it is, and ends early once the event is set."""


def carry_out(work: Work[Done], stream: TextIO, resume: str) -> Done:
    """Do the work, and show on the stream how it goes. `resume` is the command that goes on after an interrupt."""

    async def shown() -> Done:
        with closing(open_progress(stream)) as view, drain_on_interrupt(view.say, resume) as stop:
            return await work(view.update, stop)

    return asyncio.run(shown())


@contextmanager
def drain_on_interrupt(say: Callable[[str], None], resume: str) -> Iterator[asyncio.Event]:
    """Within the block, SIGINT and SIGTERM set the event; a second one ends the process there and then.

    Ending it so is safe: what the ledger calls finished is on disk. `resume` is the command that goes on.
    """
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
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
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end_at_once(resume: str) -> None:
    cursor = _SHOW_CURSOR if sys.stdout.isatty() else ""
    os.write(sys.stderr.fileno(), f"{cursor}\nStopped. Go on with: {resume}\n".encode())
    # Threads of an inference engine cannot be interrupted, so the interpreter is not asked to wait for them.
    os._exit(ExitCode.INTERRUPTED)

"""Processes that we start and may kill at any moment: they get no key of any service, and none outlives its parent.

The first half is for whoever starts one, the second for the process itself.
"""

from __future__ import annotations

import contextlib
import ctypes
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import BinaryIO

_KEPT_VARIABLES = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "PYTHONHOME", "SYSTEMROOT", "TMPDIR", "LANG")
_PR_SET_PDEATHSIG = 1


def start_module(module: str, *arguments: str) -> subprocess.Popen[bytes]:
    """A fresh interpreter that runs the module, with pipes for its input and output. It finds modules where this one
    does, but never in the folder that it is started in.

    Raises:
        OSError: the system starts no process.
    """
    environment = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
    return subprocess.Popen(
        [sys.executable, "-P", "-m", module, *arguments],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        process_group=0,  # a terminal's Ctrl-C is for the parent, which decides whether the work at hand is finished
    )


def become_child() -> tuple[BinaryIO, BinaryIO]:
    """Leave signals to the parent, end with it, and give input and output, the latter out of reach of libraries that
    print."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    _leave_signals_to_the_parent()
    _end_with_the_parent()
    return sys.stdin.buffer, answers


def limit_memory(most: int) -> None:
    """Refuse this process more than so many bytes of address space, where the system can; and let it leave no core."""
    try:
        import resource
    except ImportError:  # Windows
        return
    for limit, wanted in ((resource.RLIMIT_AS, most), (resource.RLIMIT_CORE, 0)):
        with contextlib.suppress(ValueError, OSError):
            _, ceiling = resource.getrlimit(limit)
            resource.setrlimit(limit, (wanted if ceiling == resource.RLIM_INFINITY else min(wanted, ceiling), ceiling))


def limit_processor(seconds: float) -> None:
    """End this process when it has taken so many more seconds of the processor, where the system can."""
    try:
        import resource
    except ImportError:  # Windows
        return
    with contextlib.suppress(ValueError, OSError):
        _, ceiling = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(time.process_time() + seconds), ceiling))


def step_back() -> None:
    """Leave the processor to others that want it, where the system can."""
    with contextlib.suppress(AttributeError, OSError):
        os.nice(10)


def address_space_bytes() -> int | None:
    """What this process has of it; None where nothing tells."""
    if sys.platform != "linux":
        return None
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * os.sysconf("SC_PAGE_SIZE")


def _leave_signals_to_the_parent() -> None:
    """Whoever stops a service signals all of its processes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if hasattr(signal, "SIGALRM"):
        signal.signal(signal.SIGALRM, signal.SIG_DFL)


def _end_with_the_parent() -> None:
    """Ask Linux to end this process with the thread that started it; elsewhere the end of its input does."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)

"""How long a run has trained and how much memory it has held, over all its resumptions."""

from __future__ import annotations

import json
import re
import sys
import time
from contextlib import suppress
from pathlib import Path

_KIBIBYTE = 1024


class RunMeter:
    """Seconds and peak memory, kept beside the curve so that a killed run loses none of them but the last step's."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seconds_before, self._peak_before = 0.0, 0
        with suppress(OSError, ValueError, KeyError, TypeError):
            kept = json.loads(path.read_text(encoding="utf-8"))
            self._seconds_before, self._peak_before = float(kept["seconds"]), int(kept["peak_memory_bytes"])
        self._started = time.monotonic()

    @property
    def seconds(self) -> float:
        """Training time so far."""
        return self._seconds_before + time.monotonic() - self._started

    @property
    def peak_memory_bytes(self) -> int:
        """The most memory that any process of the run has held."""
        return max(self._peak_before, peak_memory_bytes())

    def keep(self) -> None:
        """Write both down."""
        facts = {"seconds": round(self.seconds, 1), "peak_memory_bytes": self.peak_memory_bytes}
        self._path.write_text(json.dumps(facts) + "\n", encoding="utf-8")


def peak_memory_bytes() -> int:
    """The most memory this process has held: on the GPU if there is one, else resident."""
    import torch

    if torch.cuda.is_available():
        return int(torch.cuda.max_memory_allocated())
    return _high_water_mark() or _resident_maximum()


def _high_water_mark() -> int:
    """Linux's own count of this process since it was started; 0 where there is none.

    The resource usage counts also what the parent held when it forked.
    """
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
    except OSError:
        return 0
    found = re.search(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE)
    return int(found[1]) * _KIBIBYTE if found else 0


def _resident_maximum() -> int:
    import resource  # Windows has none

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * _KIBIBYTE

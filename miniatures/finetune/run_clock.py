"""How long a run has trained, over all its resumptions."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from pathlib import Path


class RunClock:
    """Seconds of training, kept beside the curve so that a killed run loses none of them but the last step's."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._before = 0.0
        with suppress(OSError, ValueError, KeyError, TypeError):
            self._before = float(json.loads(path.read_text(encoding="utf-8"))["seconds"])
        self._started = time.monotonic()

    @property
    def seconds(self) -> float:
        """Training time so far."""
        return self._before + time.monotonic() - self._started

    def keep(self) -> None:
        """Write the time down."""
        self._path.write_text(json.dumps({"seconds": round(self.seconds, 1)}) + "\n", encoding="utf-8")

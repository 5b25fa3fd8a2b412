"""How often somebody may ask: bursts are fine, and what goes on is held to a pace. It remembers a bounded number."""

from __future__ import annotations

from collections.abc import Callable

MOST_KNOWN = 20_000
"""Keys that are remembered; whoever asked longest ago is forgotten first, and may begin anew."""


class Pace:
    """A bucket of requests for each key, which fills again as time passes."""

    def __init__(
        self, clock: Callable[[], float], *, burst: int, per_second: float, most_known: int = MOST_KNOWN
    ) -> None:
        self._clock = clock
        self._burst = burst
        self._per_second = per_second
        self._most_known = most_known
        self._left: dict[str, tuple[float, float]] = {}

    def __len__(self) -> int:
        return len(self._left)

    def wait(self, key: str) -> float:
        """Count a request, and return 0; or how many seconds it has to wait, and nothing is counted."""
        left, now = self._now_left(key), self._clock()
        allowed = left >= 1
        if key not in self._left and len(self._left) >= self._most_known:
            del self._left[next(iter(self._left))]
        self._left[key] = (left - 1 if allowed else left, now)
        return 0.0 if allowed else (1 - left) / self._per_second

    def _now_left(self, key: str) -> float:
        left, at = self._left.pop(key, (float(self._burst), self._clock()))
        return min(float(self._burst), left + (self._clock() - at) * self._per_second)

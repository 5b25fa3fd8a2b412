"""When to try again where a server did not let us in.

Providers lock an account that is logged in to each minute with a wrong password, and ban the address that tries. A
process that watches cannot learn a new password either: it was told at its start. So it waits longer each time.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

_WAITS = tuple(timedelta(minutes=minutes) for minutes in (5, 15, 30, 60))


@dataclass(frozen=True)
class Refusal:
    """What a server said, or that it said nothing, and when it is tried again; None if nobody waits for that."""

    told: str
    next_try: datetime | None = None

    def __str__(self) -> str:
        if self.next_try is None:
            return self.told
        return f"{self.told.rstrip('.')}. The next try is at {self.next_try:%H:%M} UTC"


class BackOff:
    """The servers that did not let a process in, by the name of what is sent or read there."""

    def __init__(self) -> None:
        self._in_a_row: Counter[str] = Counter()
        self._refusals: dict[str, Refusal] = {}

    def refused(self, name: str, told: str, now: datetime) -> Refusal:
        """Note that a try failed; returns when the next one is: after an hour at most."""
        wait = _WAITS[min(self._in_a_row[name], len(_WAITS) - 1)]
        self._in_a_row[name] += 1
        self._refusals[name] = Refusal(told, now + wait)
        return self._refusals[name]

    def let_in(self, name: str) -> None:
        """Note that a try succeeded."""
        self._in_a_row.pop(name, None)
        self._refusals.pop(name, None)

    def waiting(self, now: datetime) -> dict[str, Refusal]:
        """Those that are not tried now."""
        return {name: one for name, one in self._refusals.items() if one.next_try is not None and now < one.next_try}

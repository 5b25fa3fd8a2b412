"""How an unruly server behaves, and what it remembers over all of its conversations."""

from __future__ import annotations

import ssl
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.mail_servers.accepted import Accepted
from tests.mail_servers.faults import Fault, Stage


@dataclass
class Conduct:
    """Only the server's own thread changes it, but for `faults`, which is replaced as a whole."""

    faults: Sequence[Fault]
    lacks: Collection[str]
    users: Mapping[str, str]
    log: Path | None
    tls: ssl.SSLContext | None = None
    connections: int = 0
    messages: int = 0
    accepted: list[Accepted] = field(default_factory=list)
    _committed: Counter[tuple[Fault, str]] = field(default_factory=Counter)

    def commit(self, stage: Stage, connection: int, message: int, recipients: Sequence[str]) -> Fault | None:
        """The first fault that is due; it is counted."""
        for fault in self.faults:
            key = fault, recipients[0] if stage is Stage.RCPT else ""
            if (
                fault.at is stage
                and fault.recipient in (None, *recipients)
                and fault.connection in (None, connection)
                and fault.message in (None, message)
                and len(self.accepted) >= fault.after
                and (fault.times is None or self._committed[key] < fault.times)
            ):
                self._committed[key] += 1
                return fault
        return None

    def keep(self, message: Accepted) -> None:
        """Accept it. What the log has, it has even if this process is killed."""
        if self.log:
            with self.log.open("a", encoding="utf-8") as log:
                log.write(message.to_line())
        self.accepted.append(message)

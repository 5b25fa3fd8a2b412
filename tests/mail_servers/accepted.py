"""Messages that a server has accepted, in memory or in a log that outlives its process."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from email import message_from_bytes
from pathlib import Path
from typing import NamedTuple


class Accepted(NamedTuple):
    """A message with its envelope; a delivery report's sender is empty."""

    sender: str
    recipients: list[str]
    content: bytes

    def to_line(self) -> str:
        """One line of a log."""
        return json.dumps(self._asdict() | {"content": self.content.decode("latin-1")}) + "\n"

    @classmethod
    def from_line(cls, line: str) -> Accepted:
        fields = json.loads(line)
        return cls(**fields | {"content": fields["content"].encode("latin-1")})


def read_log(log: Path) -> list[Accepted]:
    """All that the log holds, in the order in which it was accepted."""
    return [Accepted.from_line(line) for line in log.read_text(encoding="utf-8").splitlines()]


def count_by_message_id(messages: Iterable[Accepted]) -> Counter[str]:
    """How often each Message-ID was accepted: any count above one is a message sent twice."""
    return Counter(str(message_from_bytes(message.content)["Message-ID"]) for message in messages)

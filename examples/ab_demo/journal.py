"""What the simulated people and the machines around them really did: the report is held against it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from threading import Lock

from pydantic import Field

from miniatures.datamodel.frozen import Frozen
from miniatures.datamodel.moment import Moment


class Deed(StrEnum):
    """What was done. The last four are a machine's."""

    OPENED = "opened"
    CLICKED = "clicked"
    REPLIED = "replied"
    OPTED_OUT = "opted_out"
    COMPLAINED = "complained"
    AUTO_REPLIED = "auto_replied"
    """The program of somebody who is away answered."""
    RECEIVED = "received"
    """The email lay in the mailbox."""
    SCANNED = "scanned"
    """A gateway fetched the picture and followed every link."""
    PREFETCHED = "prefetched"
    """A mail program fetched the picture before anybody looked."""


class Entry(Frozen):
    """One deed. `detail` says which: the class of a reply, the way of opting out."""

    at: Moment
    email: str
    arm: str
    deed: Deed
    detail: str = Field(default="")


class Journal:
    """Keeps what was done, a line each; any thread may write."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = Lock()
        file.write_text("", encoding="utf-8")

    def note(self, email: str, arm: str, deed: Deed, detail: str = "") -> None:
        """Write it down, once it is done."""
        entry = Entry(at=datetime.now(UTC), email=email, arm=arm, deed=deed, detail=detail)
        with self._lock, self._file.open("a", encoding="utf-8") as lines:
            lines.write(entry.model_dump_json() + "\n")


def read_journal(file: Path) -> list[Entry]:
    """All that was done, in order."""
    return [Entry.model_validate_json(line) for line in file.read_text(encoding="utf-8").splitlines()]


def people_who(entries: Iterable[Entry], *deeds: Deed, detail: str | None = None) -> set[str]:
    """Those who did one of these."""
    return {one.email for one in entries if one.deed in deeds and detail in (None, one.detail)}

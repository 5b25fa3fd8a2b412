"""Reads a maildir on this machine and moves none of its files: whose it is sees in it what is new to them.

A maildir numbers nothing. All of it is looked at, and whoever takes mails in knows which are there already; what one
process has looked at, it does not look at again.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from itertools import islice
from mailbox import Maildir
from pathlib import Path

from miniatures.delivery.inbound.mail import MOST_BYTES
from miniatures.delivery.inbound.source import Arrived, Batch, InboxUnavailable, Mark

_BATCH = 20


class MaildirSource:
    """One maildir, `new` and `cur`."""

    def __init__(self, path: Path, sent_folder: str = "Sent") -> None:
        self._path = path.expanduser()
        self._sent_folder = sent_folder
        self._seen: set[str] = set()

    @property
    def account(self) -> str:
        return str(self._path.resolve())

    @property
    def folder(self) -> str:
        return str(self._path)

    def batches(self, mark: Mark | None, since: datetime) -> Iterator[Batch]:
        """As `Source.batches`, but that there are no marks."""
        try:
            yield from self._batches(since)
        except OSError as error:
            told = f"the maildir {self._path} cannot be read: {error.strerror or error}"
            raise InboxUnavailable(told, hint="Let it belong to whoever runs this.") from error

    def _batches(self, since: datetime) -> Iterator[Batch]:
        if not (self._path / "cur").is_dir():
            raise InboxUnavailable(f"{self._path} is no maildir: it has no folder `cur`", hint="Name it in `inbox:`.")
        files = iter(sorted(self._unseen(since)))
        while page := list(islice(files, _BATCH)):
            read = [(key, arrived) for _, key, path in page if (arrived := _arrived(path)) is not None]
            yield Batch([arrived for _, arrived in read])
            self._seen.update(key for key, _ in read)

    def look_up_sent(self, message_id: str) -> bool | None:
        """Whether its folder of sent mail (Maildir++, `.Sent`) has it; None if there is none, or it cannot be read."""
        folder = self._path / f".{self._sent_folder}"
        try:
            if not (folder / "cur").is_dir():
                return None
            return any(str(mail.get("Message-ID", "")).strip() == message_id for mail in Maildir(folder, create=False))
        except OSError:
            return None

    def _unseen(self, since: datetime) -> Iterator[tuple[float, str, Path]]:
        """When each file came, its unique name, and the file: the oldest has to be read first."""
        for part in ("new", "cur"):
            for path in (self._path / part).iterdir():
                key = path.name.partition(":")[0]
                if key not in self._seen and not key.startswith("."):
                    with suppress(FileNotFoundError):  # Somebody moved it meanwhile, as in `_arrived`.
                        came = path.stat().st_mtime
                        if came >= since.timestamp():
                            yield came, key, path


def _arrived(path: Path) -> Arrived | None:
    """None if somebody moved it meanwhile: it is found at its new place the next time."""
    try:
        with path.open("rb") as file:
            raw = file.read(MOST_BYTES)
            return Arrived(raw, datetime.fromtimestamp(path.stat().st_mtime, UTC))
    except FileNotFoundError:
        return None

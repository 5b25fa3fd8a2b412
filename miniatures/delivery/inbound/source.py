"""Where mails come from: in batches, each with the place up to which the folder was then read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple, Protocol

from miniatures.datamodel.errors import ExitCode, MiniaturesError

Mark = tuple[int, int]
"""UIDVALIDITY of a folder, and the last UID that was read."""


class InboxUnavailable(MiniaturesError):
    """A mailbox could not be read."""

    exit_code = ExitCode.BACKEND_UNAVAILABLE


class Arrived(NamedTuple):
    """The bytes of a mail, the first MiB at most, and when it came to the mailbox."""

    raw: bytes
    received_at: datetime


class Batch(NamedTuple):
    """Some mails; once they are taken in, everything up to `mark` was. A maildir has no marks."""

    mails: list[Arrived]
    mark: Mark | None = None


class Source(Protocol):
    """One folder of one mailbox. Reading it changes nothing in it."""

    @property
    def account(self) -> str:
        """Whose mail it is and where, by whatever name a campaign calls it: how far its folders were read, and which
        mails are known, is remembered by this."""
        ...

    @property
    def folder(self) -> str: ...

    def batches(self, mark: Mark | None, since: datetime) -> Iterator[Batch]:
        """What came after the mark; without one, or if the folder was made anew, what came since.

        Raises:
            InboxUnavailable: it cannot be read.
        """
        ...

    def look_up_sent(self, message_id: str) -> bool | None:
        """Whether the folder of sent mail has an email; None if there is no such folder to look in."""
        ...

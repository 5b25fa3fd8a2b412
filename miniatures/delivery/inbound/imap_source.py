"""Reads a folder of a mailbox over IMAP, from where it was read to before, and changes nothing in it.

A folder is opened read-only and bodies are fetched with PEEK, so nothing becomes read. UIDs only grow as long as the
folder's UIDVALIDITY stays; if that changes, what is there is read again, and whoever takes it in knows it already.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from miniatures.datamodel.send_settings import InboxSettings
from miniatures.delivery.inbound.imap_connection import ConnectionLost, mailbox_at
from miniatures.delivery.inbound.mail import MOST_BYTES
from miniatures.delivery.inbound.source import Arrived, Batch, InboxUnavailable, Mark

if TYPE_CHECKING:
    from imap_tools import BaseMailBox

_BATCH = 20
_ATTEMPTS = 3
_UID = re.compile(rb"\bUID (\d+)")
_ASKED = f"(UID INTERNALDATE BODY.PEEK[]<0.{MOST_BYTES}>)"


class ImapSource:
    """One folder on a server."""

    def __init__(self, settings: InboxSettings, environment: Mapping[str, str] = os.environ) -> None:
        self._settings = settings
        self._environment = environment

    @property
    def account(self) -> str:
        login = self._settings.login
        return f"{login.user if login else ''} at {self._settings.host.lower()}:{self._settings.port}"

    @property
    def folder(self) -> str:
        return self._settings.folder

    def batches(self, mark: Mark | None, since: datetime) -> Iterator[Batch]:
        """As `Source.batches`; a lost connection is opened anew, and goes on where it was lost."""
        attempts = _ATTEMPTS
        while attempts:
            try:
                with mailbox_at(self._settings, self._environment) as box:
                    for batch in self._read(box, mark, since):
                        yield batch
                        mark, attempts = batch.mark, _ATTEMPTS
                return
            except ConnectionLost:
                attempts -= 1
                if not attempts:
                    raise

    def look_up_sent(self, message_id: str) -> bool | None:
        """Whether the folder of sent mail has it; None if there is none, or the server does not answer."""
        from imap_tools import A, H

        try:
            with mailbox_at(self._settings, self._environment) as box:
                folder = self._sent_folder(box)
                if folder is None:
                    return None
                box.folder.set(folder, readonly=True)
                return bool(box.uids(A(header=H("Message-ID", message_id)), charset=None))
        except InboxUnavailable:
            return None

    def _sent_folder(self, box: BaseMailBox) -> str | None:
        """The folder of the settings, else the one that the server marks as that of sent mail (RFC 6154)."""
        folders = list(box.folder.list())
        named = [one.name for one in folders if one.name == self._settings.sent_folder]
        marked = [one.name for one in folders if "\\Sent" in one.flags]
        return next(iter(named + marked), None)

    def _read(self, box: BaseMailBox, mark: Mark | None, since: datetime) -> Iterator[Batch]:
        box.folder.set(self.folder, readonly=True)
        validity = _validity(box)
        last = mark[1] if mark is not None and mark[0] == validity else None
        uids = _uids_after(box, last) if last is not None else _uids_since(box, since)
        for start in range(0, len(uids), _BATCH):
            page = uids[start : start + _BATCH]
            yield Batch(list(_fetched(box, page)), (validity, page[-1]))


def _validity(box: BaseMailBox) -> int:
    _, told = box.client.response("UIDVALIDITY")
    return int(told[-1]) if told and told[-1] else 0


def _uids_after(box: BaseMailBox, last: int) -> list[int]:
    """`N:*` always names the last mail, too (RFC 9051, 9): that one is known."""
    return sorted(uid for uid in map(int, box.uids(f"UID {last + 1}:*", charset=None)) if uid > last)


def _uids_since(box: BaseMailBox, since: datetime) -> list[int]:
    """By the server's own date, whose day may be another than ours."""
    from imap_tools import A

    day = (since - timedelta(days=1)).date()
    return sorted(map(int, box.uids(A(date_gte=day), charset=None)))


def _fetched(box: BaseMailBox, uids: Sequence[int]) -> Iterator[Arrived]:
    """The mails of these UIDs that are still there, in their order."""
    _, response = box.client.uid("FETCH", ",".join(map(str, uids)), _ASKED)
    found = dict(_mails(response))
    return (found[uid] for uid in uids if uid in found)


def _mails(response: Sequence[Any]) -> Iterator[tuple[int, Arrived]]:
    """What a server told of each mail stands before and behind its bytes."""
    for place, item in enumerate(response):
        if isinstance(item, tuple):
            behind = response[place + 1] if place + 1 < len(response) else b""
            told = item[0] + (behind if isinstance(behind, bytes) else b"")
            uid = _UID.search(told)
            if uid is not None:
                yield int(uid[1]), Arrived(item[1], _date(told))


def _date(told: bytes) -> datetime:
    from imaplib import Internaldate2tuple
    from time import mktime

    local = Internaldate2tuple(told)
    return datetime.fromtimestamp(mktime(local) if local else 0, UTC)

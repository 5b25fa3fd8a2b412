"""The sources of a campaign, as its settings name them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from miniatures.datamodel.errors import InputError
from miniatures.datamodel.send_settings import InboxSettings, SendSettings
from miniatures.delivery.inbound.imap_source import ImapSource
from miniatures.delivery.inbound.maildir_source import MaildirSource
from miniatures.delivery.inbound.source import Source


def sources_of(settings: SendSettings, folder: Path, environment: Mapping[str, str] = os.environ) -> dict[str, Source]:
    """The inbox of each mailbox that has one, by its key; those that share an inbox have the same source. Paths start
    at `folder`.

    Raises:
        InputError: no mailbox says where its answers arrive.
    """
    inboxes = {box.key: box.inbox for box in settings.mailboxes.values() if box.inbox is not None}
    if not inboxes:
        raise InputError("no mailbox has an `inbox:`", hint="Say in the campaign file where its answers arrive.")
    opened = {key: _source(inbox, folder, environment) for key, inbox in inboxes.items()}
    places = {(source.account, source.folder): source for source in opened.values()}
    return {key: places[source.account, source.folder] for key, source in opened.items()}


def _source(inbox: InboxSettings, folder: Path, environment: Mapping[str, str]) -> Source:
    if inbox.maildir is not None:
        return MaildirSource(folder / inbox.maildir.expanduser(), inbox.sent_folder)
    return ImapSource(inbox, environment)

"""The `send:` part of a campaign, for whatever cannot do without it."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from miniatures.datamodel.errors import InputError
from miniatures.datamodel.frozen import Frozen
from miniatures.datamodel.send_settings import Mailbox, SendSettings
from miniatures.inputs.campaign import LoadedCampaign

_EXAMPLE = """\
Add this to it, with your own servers; `miniatures doctor` then looks at them:

send:
  mailboxes:
    first:
      address: {address}
      smtp: {{host: smtp.{domain}, login: {{user: {address}, password: SMTP_PASSWORD}}}}
      inbox: {{host: imap.{domain}, login: {{user: {address}, password: IMAP_PASSWORD}}}}

SMTP_PASSWORD and IMAP_PASSWORD are names of environment variables."""
_Part = TypeVar("_Part", bound=Frozen)


def required_settings(loaded: LoadedCampaign) -> SendSettings:
    """How the campaign's emails leave, with the places of its files as this process has to open them.

    Raises:
        InputError: its file does not say; the hint has what to add.
    """
    if loaded.campaign.send is not None:
        return placed(loaded.campaign.send, loaded.folder)
    address = loaded.brief.sender.email
    hint = _EXAMPLE.format(address=address, domain=address.rpartition("@")[2])
    told = f"{loaded.path.name} has no `send:`, so there is no mailbox to send by or to read answers from"
    raise InputError(told, hint=hint)


def placed(settings: SendSettings, folder: Path) -> SendSettings:
    """The settings with absolute paths: the campaign's file means them from its own folder."""
    boxes = {name: _placed_box(box, folder) for name, box in settings.mailboxes.items()}
    return settings.model_copy(update={"mailboxes": boxes})


def _placed_box(box: Mailbox, folder: Path) -> Mailbox:
    parts = {
        "smtp": _placed(box.smtp, folder, "ca_file"),
        "inbox": box.inbox and _placed(box.inbox, folder, "maildir", "ca_file"),
        "dkim": box.dkim and _placed(box.dkim, folder, "key"),
    }
    return box.model_copy(update=parts)


def _placed(part: _Part, folder: Path, *names: str) -> _Part:
    paths = {name: path for name in names if (path := getattr(part, name)) is not None}
    return part.model_copy(update={name: folder / path.expanduser() for name, path in paths.items()})

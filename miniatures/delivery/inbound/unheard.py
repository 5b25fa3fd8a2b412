"""Which mailboxes may not send just now because answers to their emails cannot be read.

Others go on: what was answered to their emails was heard. Only where it is not known where answers arrive, or where
opt-outs of all come to the inbox that is silent, or may come to it by an alias, all are held.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from miniatures.datamodel.prospect import normalize_email
from miniatures.datamodel.send_settings import Mailbox, SendSettings
from miniatures.delivery.back_off import Refusal


def unheard(settings: SendSettings, unread: Mapping[str, Refusal]) -> dict[str, Refusal]:
    """Why nothing leaves by a mailbox, by its name; `unread` are the inboxes that could not be read, by mailbox key."""
    found = ((name, _silent(box, settings, unread)) for name, box in settings.mailboxes.items())
    told = "nothing leaves until its answers can be read: {}"
    return {name: replace(one, told=told.format(one.told)) for name, one in found if one is not None}


def _silent(box: Mailbox, settings: SendSettings, unread: Mapping[str, Refusal]) -> Refusal | None:
    """The silent inbox that answers to this mailbox's emails, or opt-outs from them, may have come to."""
    opt_outs = box.key if settings.opt_out_address is None else normalize_email(settings.opt_out_address)
    if box.inbox is None or not _has_inbox(opt_outs, settings):
        return next(iter(unread.values()), None)
    return unread.get(box.key) or unread.get(opt_outs)


def _has_inbox(key: str, settings: SendSettings) -> bool:
    box = settings.box_of(key)
    return box is not None and box.inbox is not None

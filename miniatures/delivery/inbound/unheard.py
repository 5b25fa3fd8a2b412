"""Which mailboxes may not send just now because answers to their emails cannot be read.

Others go on: what was answered to their emails was heard. Only where it is not known where answers arrive, or where
opt-outs of all come to the inbox that is silent, all are held.
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
    """The inbox that answers to this mailbox's emails may have come to."""
    if box.inbox is None:
        return next(iter(unread.values()), None)
    opt_outs = settings.opt_out_address
    return unread.get(box.key) or (unread.get(normalize_email(opt_outs)) if opt_outs else None)

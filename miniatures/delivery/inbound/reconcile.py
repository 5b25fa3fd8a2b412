"""Looks for uncertain emails where servers keep what they sent: one that is there has left.

That one is not there proves nothing, because most servers put there only what mail programs put there: it stays
uncertain until a report, an answer or a person tells.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from miniatures.datamodel.message import MessageState
from miniatures.delivery.inbound.source import Source
from miniatures.store.mail.mail import MailStore

_FOUND = "found in the folder of sent mail"


async def reconcile(store: MailStore, campaign: str, sources: Mapping[str, Source]) -> int:
    """Settle the uncertain emails of a campaign that their mailbox's folder of sent mail has; returns how many."""
    settled = 0
    for row in list(store.outbox.stream(campaign, MessageState.UNCERTAIN)):
        source = sources.get(row.message.mailbox)
        if source is None or row.message_id is None:
            continue
        if await asyncio.to_thread(source.look_up_sent, row.message_id):
            settled += await store.outbox.settle_uncertain(row.message.id, MessageState.ACCEPTED, _FOUND)
    return settled

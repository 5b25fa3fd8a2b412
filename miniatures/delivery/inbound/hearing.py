"""Listens to the mailboxes of a campaign: what the command line and a sender that watches both do, round by round."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

from miniatures.datamodel.errors import MiniaturesError
from miniatures.delivery.back_off import BackOff
from miniatures.delivery.inbound.hear import Heard, ReplyReader, hear
from miniatures.delivery.inbound.reconcile import reconcile
from miniatures.delivery.inbound.reply_reading import open_reader
from miniatures.delivery.inbound.sources import sources_of
from miniatures.delivery.settings import required_settings
from miniatures.inputs.campaign import LoadedCampaign
from miniatures.store.store import Store

Listen = Callable[[], Awaitable[Heard]]
"""Takes in what has come since the last time, and looks for uncertain emails among those sent."""


def hearing(loaded: LoadedCampaign, store: Store, say: Callable[[str], None]) -> Listen:
    """Opens the mailboxes that the campaign names, and whoever reads what people answer. One that could not be read is
    tried again after longer each time.

    Raises:
        InputError: the campaign does not say how it sends.
    """
    settings = required_settings(loaded)
    sources, reader = sources_of(settings, loaded.folder), _reader(loaded, store, say)

    back_off = BackOff()

    async def listen() -> Heard:
        waiting = back_off.waiting(store.now())
        tried = {key: source for key, source in sources.items() if key not in waiting}
        heard = await hear(store, settings, tried, reader, store.now())
        refused = {key: back_off.refused(key, one.told, store.now()) for key, one in heard.unread.items()}
        read = {key: source for key, source in tried.items() if key not in refused}
        for key in read:
            back_off.let_in(key)
        await reconcile(store.mail, loaded.name, read)
        return replace(heard, unread=waiting | refused)

    return listen


def _reader(loaded: LoadedCampaign, store: Store, say: Callable[[str], None]) -> ReplyReader | None:
    """Whoever says what replies mean; without one they are taken in all the same."""
    try:
        return open_reader(loaded, store)
    except MiniaturesError as error:
        say(f"Replies are taken in and not classified: {error.told}")
        return None

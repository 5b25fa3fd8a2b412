"""Notes who takes the mail of each enrolled prospect's company, so that the arms' shares can be looked at by gateway.

It is asked of others' servers, beside the run: nothing waits for an answer, and none is needed for anything else.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from itertools import islice

from miniatures.datamodel.arms import UNKNOWN_GATEWAY
from miniatures.datamodel.errors import StoreError
from miniatures.store.store import Store

_log = logging.getLogger(__name__)

GatewayOf = Callable[[str], Awaitable[str | None]]
"""Who takes the mail of a domain; null if nobody answers. It fails at nothing and knows its own time limit."""

_AT_ONCE = 50
"""Domains that are asked for and then noted together."""
_GRACE_S = 3.0
"""How long what is still open at the end of a run may take; the next run asks again."""


@asynccontextmanager
async def noting_gateways(
    store: Store, campaign: str, domains: Mapping[str, Sequence[str]], gateway_of: GatewayOf | None
) -> AsyncIterator[None]:
    """Note the gateways of these domains, each with the keys of its prospects, while the block runs and for a moment
    longer. Whatever comes of it, the block goes on."""
    if gateway_of is None:
        yield
        return
    noting = asyncio.create_task(_note(store, campaign, domains, gateway_of))
    try:
        yield
        await asyncio.wait([noting], timeout=_GRACE_S)
    finally:
        noting.cancel()
        await asyncio.wait([noting])


async def _note(store: Store, campaign: str, domains: Mapping[str, Sequence[str]], gateway_of: GatewayOf) -> None:
    names, answered = iter(domains), 0
    try:
        while page := list(islice(names, _AT_ONCE)):
            found = await asyncio.gather(*(gateway_of(name) for name in page))
            answered += sum(gateway is not None for gateway in found)
            noted = {
                key: gateway or UNKNOWN_GATEWAY
                for name, gateway in zip(page, found, strict=True)
                for key in domains[name]
            }
            await store.mail.enrolments.note_gateways(campaign, noted)
    except StoreError as error:
        _log.warning("Mail gateways are not noted: %s.", error.message)
    if domains and not answered:
        _log.warning("No name server answers, so the shares of the arms are not looked at by mail gateway.")

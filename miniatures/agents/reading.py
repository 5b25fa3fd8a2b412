"""Reads the pages that searches hit, each until the prospect's time is over; what gave no page says why."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from miniatures.agents.context import CampaignContext
from miniatures.agents.own_tools import fetched
from miniatures.agents.tools.crawl import SiteRead, out_of_time
from miniatures.agents.tools.fetching import FetchOutcome, FetchStatus
from miniatures.agents.tools.search.base import SearchHit
from miniatures.datamodel.dossier import Problem


async def read_hits(context: CampaignContext, hits: Sequence[SearchHit], deadline: float) -> SiteRead:
    """The pages in the order of the hits; `deadline` is by the event loop's clock."""
    outcomes = await asyncio.gather(*(_until(deadline, context, hit) for hit in hits))
    pages = [outcome.page for outcome in outcomes if outcome.page is not None]
    return SiteRead(pages, [outcome for outcome in outcomes if outcome.page is None])


async def _until(deadline: float, context: CampaignContext, hit: SearchHit) -> FetchOutcome:
    if hit.page is not None:
        return FetchOutcome.of(hit.page)
    if context.fetcher is None:
        return FetchOutcome(status=FetchStatus.FAILED, url=hit.url, detail="the context has no fetcher")
    try:
        async with asyncio.timeout_at(deadline):
            outcome = await fetched(context.fetcher, hit.url)
    except TimeoutError:
        return out_of_time(hit.url)
    return outcome.model_copy(update={"url": hit.url})


def problem_of(outcome: FetchOutcome) -> Problem:
    """A page that could not be read, as the dossier tells it."""
    return Problem(where=outcome.url, kind=outcome.status.value, detail=outcome.detail)

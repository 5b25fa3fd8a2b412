"""The text around a quote, as it was read: from a folder of pages or the page cache, and never from the web."""

from __future__ import annotations

from miniatures.agents.context import CampaignContext
from miniatures.agents.tools.fetch.http import HttpFetcher
from miniatures.agents.tools.search.wrappers import TracedSites
from miniatures.datamodel.evidence import Page


async def kept_page(context: CampaignContext, url: str) -> Page | None:
    """The page at an address, if a copy of it is kept here."""
    found = await context.search.page_on_disk(url) if isinstance(context.search, TracedSites) else None
    if found is None and isinstance(context.fetcher, HttpFetcher):
        found = await context.fetcher.kept(url)
    return found

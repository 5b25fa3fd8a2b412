"""Gathers all pages of a prospect's own site for somebody who reads an email beside them; the prompts get far fewer."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

from miniatures.agents.context import CampaignContext
from miniatures.agents.own_site import OwnSite
from miniatures.agents.own_tools import held_site
from miniatures.agents.reading import read_hits
from miniatures.agents.tools.crawl import SiteRead, page_name
from miniatures.agents.tools.search.base import SearchHit, SiteHolder
from miniatures.datamodel.evidence import Page
from miniatures.datamodel.prospect import Prospect

MOST_PAGES = 60
SECONDS = 120.0


async def whole_site(context: CampaignContext, prospect: Prospect, cited: Iterable[str] = ()) -> SiteRead:
    """The site's pages, and those at the addresses that an email cites, each text once; what could not be read.

    At most `MOST_PAGES` of the site, within `SECONDS`. Pages come from the cache where it has them.
    """
    deadline = asyncio.get_running_loop().time() + SECONDS
    site = await OwnSite(context, prospect).read(MOST_PAGES, frozenset(), deadline)
    known = {page_name(page.url) for page in site.pages}
    elsewhere = [url for url in dict.fromkeys(cited) if url and page_name(url) not in known]
    others = await _read(context, elsewhere, deadline)
    pages: dict[str, Page] = {}
    for page in (*site.pages, *others.pages):
        pages.setdefault(page.text_hash, page)
    return SiteRead(list(pages.values()), [*site.problems, *others.problems])


async def _read(context: CampaignContext, urls: Sequence[str], deadline: float) -> SiteRead:
    """The pages at these addresses, from a search that holds them, else from the web."""
    search = context.search
    if not isinstance(search, SiteHolder):
        return await read_hits(context, [SearchHit(url=url) for url in urls], deadline)
    sites = [await held_site(search, url) for url in urls]
    return SiteRead([page for site in sites for page in site.pages if page.url in urls])

"""Reads the prospect's own site beyond what the searches hit: the news of a small site shares no word with a query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from miniatures.agents.companies import is_own_page
from miniatures.agents.context import CampaignContext
from miniatures.agents.own_tools import HeldLinks, held_site
from miniatures.agents.tools.crawl import LinkFetcher, SiteRead, crawl, page_name
from miniatures.agents.tools.search.base import SearchHit, SiteHolder
from miniatures.agents.tools.websites import root_url
from miniatures.datamodel.prospect import Prospect


@dataclass(frozen=True)
class OwnSite:
    """Where the prospect's own pages come from: a search that holds them, else its home page and the links from there.

    What is on the web is left alone where the search is in local documents.
    """

    context: CampaignContext
    prospect: Prospect

    def share(self, hits: Sequence[SearchHit]) -> int:
        """How many of the round's pages are kept for it: a third, less what the searches hit there."""
        if self._home is None:
            return 0
        hit = sum(is_own_page(one.url, self.prospect) for one in hits)
        return max(0, self.context.research.pages // 3 - hit)

    async def read(self, most: int, known: frozenset[str], deadline: float) -> SiteRead:
        """At most so many of its pages, none of those known by name, until `deadline` by the event loop's clock."""
        search, home = self.context.search, self._home
        if isinstance(search, SiteHolder):
            site = await held_site(search, self.prospect.website)
            return SiteRead([page for page in site.pages if page_name(page.url) not in known][:most], site.problems)
        if home is None or most < 1:
            return SiteRead()
        fetcher, root = home
        is_known = page_name(root) in known  # asked again for its links, from the cache where there is one
        read = await crawl(HeldLinks(fetcher), root, most=most + is_known, deadline=deadline, known=known)
        return SiteRead([page for page in read.pages if page_name(page.url) not in known], read.problems)

    @property
    def _home(self) -> tuple[LinkFetcher, str] | None:
        """Its home page on the web and who fetches it; None where it is not to be fetched."""
        root, fetcher = root_url(self.prospect.website), self.context.fetcher
        held = isinstance(self.context.search, SiteHolder)
        return (fetcher, root) if root and not held and isinstance(fetcher, LinkFetcher) else None

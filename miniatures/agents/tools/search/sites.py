"""A list of web sites as a search provider: each is crawled over HTTP when first asked about, and ranked by BM25."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

from miniatures.agents.tools.bounded import BoundedDict
from miniatures.agents.tools.crawl import LinkFetcher, SiteRead, crawl
from miniatures.agents.tools.fetching import FetchOutcome, FetchStatus
from miniatures.agents.tools.search.base import SearchOutcome, SearchQuery, SearchStatus
from miniatures.agents.tools.search.ranking import RankedPages
from miniatures.agents.tools.websites import host_of, root_url
from miniatures.datamodel.errors import InputError
from miniatures.datamodel.files import read_regular
from miniatures.datamodel.hashing import text_hash

PAGES_PER_SITE = 20
SECONDS_PER_SITE = 300.0
_SITES_REMEMBERED = 256
_SITES_AT_ONCE = 16
_MOST_BYTES = 10_000_000


@dataclass
class _Site:
    crawling: asyncio.Lock = field(default_factory=asyncio.Lock)
    read: SiteRead | None = None
    ranked: RankedPages = field(default_factory=lambda: RankedPages(()))


class SiteListSearch:
    """Crawls each site when it is first asked about: at most `pages_per_site` fetches, in `seconds_per_site` seconds.

    A query whose website is in the list searches that site only; any other query searches them all, which crawls them
    all. The provider is known by the list's text: what stands on the sites changes by the day.

    Raises:
        InputError: the list cannot be read, or holds what is no web site.
    """

    name = "local"

    def __init__(
        self,
        sites: Path,
        fetcher: LinkFetcher,
        pages_per_site: int = PAGES_PER_SITE,
        seconds_per_site: float = SECONDS_PER_SITE,
    ) -> None:
        text = _text_of(sites)
        self._roots = _roots_in(text, sites)
        self.content = text_hash(text)
        self.identity = f"{self.name}:{sites}@{self.content[:12]}"
        self._fetcher = fetcher
        self._pages_per_site = pages_per_site
        self._seconds_per_site = seconds_per_site
        self._sites: BoundedDict[str, _Site] = BoundedDict(_SITES_REMEMBERED, lambda site: site.crawling.locked())
        self._at_once = asyncio.Semaphore(_SITES_AT_ONCE)

    async def search(self, query: SearchQuery, limit: int) -> SearchOutcome:
        host = host_of(query.website)
        hosts = [host] if host in self._roots else list(self._roots)
        sites = await asyncio.gather(*(self._crawled(each) for each in hosts))
        if len(sites) == 1:
            ranked = sites[0].ranked
        else:
            ranked = RankedPages([page for site in sites for page in site.ranked.pages])
        return _outcome(ranked, query.text, limit, [problem for site in sites for problem in _problems(site)])

    async def site(self, website: str) -> SiteRead:
        """All that was read of a site of the list; nothing of any other."""
        host = host_of(website)
        found = (await self._crawled(host)).read if host in self._roots else None
        return found or SiteRead()

    async def _crawled(self, host: str) -> _Site:
        site = self._sites.get(host, _Site)
        async with site.crawling:
            if site.read is None:
                async with self._at_once:
                    deadline = asyncio.get_running_loop().time() + self._seconds_per_site
                    site.read = await crawl(
                        self._fetcher, self._roots[host], most=self._pages_per_site, deadline=deadline
                    )
                site.ranked = RankedPages(site.read.pages)
        return site


def _problems(site: _Site) -> list[FetchOutcome]:
    return site.read.problems if site.read else []


def _outcome(ranked: RankedPages, text: str, limit: int, problems: list[FetchOutcome]) -> SearchOutcome:
    hits = ranked.best(text, limit)
    told = "; ".join(problem.told for problem in problems[:5])
    detail = f"{len(problems)} pages gave nothing: {told}" if problems else ""
    if hits:
        return SearchOutcome(status=SearchStatus.FOUND, hits=hits, detail=detail)
    return SearchOutcome(status=SearchStatus.EMPTY if ranked.pages else _status_of(problems), detail=detail)


def _status_of(problems: list[FetchOutcome]) -> SearchStatus:
    """The outcome of a search in sites of which no page could be read."""
    statuses = {problem.status for problem in problems}
    if statuses & {FetchStatus.BLOCKED, FetchStatus.ROBOTS_DISALLOWED}:
        return SearchStatus.BLOCKED
    if statuses <= {FetchStatus.EMPTY, FetchStatus.NOT_FOUND}:
        return SearchStatus.EMPTY
    return SearchStatus.FAILED


def read_site_list(path: Path) -> dict[str, str]:
    """Host to root URL, from a text file with one site a line; `#` begins a comment.

    Raises:
        InputError: the file cannot be read, names no site, or holds a line that is none.
    """
    return _roots_in(_text_of(path), path)


def _text_of(path: Path) -> str:
    try:
        return read_regular(path, _MOST_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path} cannot be read: {error}", hint="A site list is a UTF-8 text file.") from error


def _roots_in(text: str, path: Path) -> dict[str, str]:
    roots: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        site = line.partition("#")[0].strip()
        if not site:
            continue
        if not host_of(site):
            raise InputError(f"{path}, line {number}: {site!r} is no web site", hint="Write http://example.com/.")
        roots.setdefault(host_of(site), root_url(site))
    if not roots:
        raise InputError(f"{path} names no web site", hint="Write one root URL per line.")
    return roots

"""A list of web sites as a search provider: each is crawled over HTTP when first asked about, and ranked by BM25."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from miniatures.agents.tools.bounded import BoundedDict
from miniatures.agents.tools.fetching import FetchOutcome, FetchStatus
from miniatures.agents.tools.search.base import SearchOutcome, SearchQuery, SearchStatus
from miniatures.agents.tools.search.ranking import RankedPages
from miniatures.agents.tools.search.websites import host_of, root_url
from miniatures.datamodel.errors import InputError
from miniatures.datamodel.evidence import Page
from miniatures.datamodel.files import read_regular

PAGES_PER_SITE = 20
_SITES_REMEMBERED = 256
_SITES_AT_ONCE = 16
_MOST_BYTES = 10_000_000


class LinkFetcher(Protocol):
    """A fetcher that also tells a page's links to its own host."""

    async def fetch_links(self, url: str) -> tuple[FetchOutcome, tuple[str, ...]]: ...


@dataclass
class _Site:
    crawling: asyncio.Lock = field(default_factory=asyncio.Lock)
    pages: RankedPages | None = None
    problems: list[FetchOutcome] = field(default_factory=list)


class SiteListSearch:
    """Crawls breadth first, same-host links only, at most `pages_per_site` fetches a site.

    Robots, pace, cache and caps are the fetcher's. A query whose website is in the list searches that site only; any
    other query searches them all, which crawls them all.
    """

    name = "local"

    def __init__(self, sites: Path, fetcher: LinkFetcher, pages_per_site: int = PAGES_PER_SITE) -> None:
        self.identity = f"{self.name}:{sites}"
        self._roots = read_site_list(sites)
        self._fetcher = fetcher
        self._pages_per_site = pages_per_site
        self._sites: BoundedDict[str, _Site] = BoundedDict(_SITES_REMEMBERED, lambda site: site.crawling.locked())
        self._at_once = asyncio.Semaphore(_SITES_AT_ONCE)

    async def search(self, query: SearchQuery, limit: int) -> SearchOutcome:
        host = host_of(query.website)
        hosts = [host] if host in self._roots else list(self._roots)
        sites = await asyncio.gather(*(self._crawled(each) for each in hosts))
        if len(sites) == 1:
            ranked = sites[0].pages or RankedPages(())
        else:
            ranked = RankedPages([page for site in sites if site.pages for page in site.pages.pages])
        return _outcome(ranked, query.text, limit, [problem for site in sites for problem in site.problems])

    async def _crawled(self, host: str) -> _Site:
        site = self._sites.get(host, _Site)
        async with site.crawling:
            if site.pages is None:
                async with self._at_once:
                    pages = await self._crawl(self._roots[host], site.problems)
                site.pages = RankedPages(pages)
        return site

    async def _crawl(self, root: str, problems: list[FetchOutcome]) -> list[Page]:
        """Each page once, however many addresses lead to it."""
        waiting, seen = [root], {root}
        pages: dict[str, Page] = {}
        for _ in range(self._pages_per_site):
            if not waiting:
                break
            outcome, links = await self._fetcher.fetch_links(waiting.pop(0))
            if outcome.page is None:
                problems.append(outcome)
                continue
            pages.setdefault(outcome.page.text_hash, outcome.page)
            waiting += [link for link in links if link not in seen]
            seen |= {*links, outcome.page.url}
        return list(pages.values())


def _outcome(ranked: RankedPages, text: str, limit: int, problems: list[FetchOutcome]) -> SearchOutcome:
    hits = ranked.best(text, limit)
    told = "; ".join(f"{problem.url}: {problem.status.value} {problem.detail}".strip() for problem in problems[:5])
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
    try:
        lines = read_regular(path, _MOST_BYTES).decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise InputError(f"{path} cannot be read: {error}", hint="A site list is a UTF-8 text file.") from error
    roots: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        site = line.partition("#")[0].strip()
        if not site:
            continue
        if not host_of(site):
            raise InputError(f"{path}, line {number}: {site!r} is no web site", hint="Write http://example.com/.")
        roots.setdefault(host_of(site), root_url(site))
    if not roots:
        raise InputError(f"{path} names no web site", hint="Write one root URL per line.")
    return roots

"""Reads a site from its first page on: breadth first, its own host only, within a number of pages and a time."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Container
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable
from urllib.parse import urlsplit

from miniatures.agents.tools.fetching import FetchOutcome, FetchStatus
from miniatures.agents.tools.websites import host_of
from miniatures.datamodel.evidence import Page

_INDEX = re.compile(r"/(?:index|default)\.(?:html?|php|aspx?)$", re.IGNORECASE)
_PAGES_A_TURN = 3


@runtime_checkable
class LinkFetcher(Protocol):
    """A fetcher that also tells a page's links to its own host."""

    async def fetch_links(self, url: str) -> tuple[FetchOutcome, tuple[str, ...]]:
        """The outcome, and the links in reading order."""
        ...


@dataclass(frozen=True)
class SiteRead:
    """What reading a site gave: its pages in the order read, each once, and what came of those that gave none."""

    pages: list[Page] = field(default_factory=list)
    problems: list[FetchOutcome] = field(default_factory=list)


def page_name(url: str) -> str:
    """The URL without its fragment and trailing slash, by which a page is known again."""
    return url.partition("#")[0].rstrip("/")


def out_of_time(url: str) -> FetchOutcome:
    """What comes of a page for which no time was left."""
    detail = "the time for reading one prospect's pages was over (research.seconds)"
    return FetchOutcome(status=FetchStatus.OUT_OF_TIME, url=url, detail=detail)


async def crawl(
    fetcher: LinkFetcher, root: str, *, most: int, deadline: float, known: Container[str] = frozenset()
) -> SiteRead:
    """At most `most` fetches, until `deadline` by the event loop's clock; pages whose name is known are not fetched.

    The root always is, for its links; the host that it leads to is the site's. Of pages that redirect elsewhere no link
    is followed, and a section of very many pages, such as a calendar, lets the others have their turn. Robots, pace,
    cache and caps are the fetcher's. What was read stays when time runs out.
    """
    read, waiting, home = SiteRead(), [root], ""
    seen, sections = {_same(root)}, Counter[str]()
    for _ in range(most):
        if not waiting:
            break
        url = min(waiting, key=lambda link: sections[_section(link)] // _PAGES_A_TURN)
        waiting.remove(url)
        sections[_section(url)] += 1
        try:
            async with asyncio.timeout_at(deadline):
                outcome, links = await fetcher.fetch_links(url)
        except TimeoutError:
            read.problems.append(out_of_time(url))
            break
        _note(read, outcome)
        seen.add(_same(outcome.url))
        home = home or host_of(outcome.url)
        for link in links if host_of(outcome.url) == home else ():
            if _same(link) not in seen and page_name(link) not in known:
                waiting.append(link)
                seen.add(_same(link))
    return read


def _same(url: str) -> str:
    """What two addresses of one page have in common on nearly every site."""
    return _INDEX.sub("", page_name(url).partition("://")[2].removeprefix("www.")).rstrip("/")


def _section(url: str) -> str:
    return urlsplit(url).path.strip("/").partition("/")[0]


def _note(read: SiteRead, outcome: FetchOutcome) -> None:
    if outcome.page is None:
        read.problems.append(outcome)
    elif all(outcome.page.text_hash != page.text_hash for page in read.pages):
        read.pages.append(outcome.page)

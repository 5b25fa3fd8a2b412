"""The search protocol: a query in, an outcome out that says apart what was found, empty, blocked and failed."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol, runtime_checkable

from pydantic import Field

from miniatures.agents.tools.crawl import SiteRead
from miniatures.datamodel.evidence import Page
from miniatures.datamodel.frozen import Frozen


class SearchQuery(Frozen):
    """What to look for, about whom."""

    text: str
    company: str
    website: str = ""
    signal: str = Field(description="Name of the brief's signal that the query looks for.")


class SearchHit(Frozen):
    """One result. `page` is set when the provider already holds the document, and then nothing is fetched."""

    url: str
    title: str = ""
    snippet: str = ""
    page: Page | None = None

    @classmethod
    def of(cls, page: Page) -> SearchHit:
        """A hit that holds its document already."""
        return cls(url=page.url, title=page.title, page=page)


class SearchStatus(StrEnum):
    """Blocked, empty and failed searches are three outcomes."""

    FOUND = "found"
    EMPTY = "empty"
    BLOCKED = "blocked"
    BLOCKED_OR_EMPTY = "blocked_or_empty"
    FAILED = "failed"


ANSWERED = frozenset({SearchStatus.FOUND, SearchStatus.EMPTY})
"""The provider did its work, whatever there was to find."""


class SearchOutcome(Frozen):
    """What one search gave."""

    status: SearchStatus
    hits: tuple[SearchHit, ...] = ()
    detail: str = ""

    @classmethod
    def of(cls, *hits: SearchHit | Page) -> SearchOutcome:
        """What an answered search found, best first; none is an answer, too."""
        found = tuple(SearchHit.of(hit) if isinstance(hit, Page) else hit for hit in hits)
        return cls(status=SearchStatus.FOUND if found else SearchStatus.EMPTY, hits=found)


class SearchProvider(Protocol):
    """Looks something up. Expected failures are outcomes, not exceptions."""

    name: str
    identity: str
    """The name with the address or path behind it: what makes two providers the same one. No key is part of it."""

    async def search(self, query: SearchQuery, limit: int) -> SearchOutcome:
        """At most `limit` hits, best first."""
        ...


@runtime_checkable
class SiteHolder(Protocol):
    """A provider that can give a whole site, what its searches did not hit as well."""

    async def site(self, website: str) -> SiteRead:
        """All that is held of a web site; nothing of one that is not held."""
        ...

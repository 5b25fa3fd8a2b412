"""Behaviour that is added to a search provider by wrapping it: caching, spacing, a circuit breaker, a span."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from pydantic import ValidationError

from miniatures.agents.tools.crawl import SiteRead
from miniatures.agents.tools.disk_cache import DiskCache
from miniatures.agents.tools.search.base import SearchOutcome, SearchProvider, SearchQuery, SearchStatus
from miniatures.agents.tools.search.folder import FolderSearch
from miniatures.agents.tools.search.sites import SiteListSearch
from miniatures.datamodel.evidence import Page
from miniatures.datamodel.hashing import content_hash
from miniatures.store.tracing import span

DAY_S = 24 * 3600.0
TTL_S = 7 * DAY_S
_STRIKES = {SearchStatus.BLOCKED: 1.0, SearchStatus.FAILED: 1.0, SearchStatus.BLOCKED_OR_EMPTY: 0.5}
"""How much an outcome counts against a provider; one that may merely have found nothing counts half."""


class CachedSearch:
    """Remembers what was found, or surely not found, for `ttl_s` seconds on disk. Failures are asked again."""

    def __init__(self, inner: SearchProvider, disk: DiskCache, ttl_s: float = TTL_S) -> None:
        self.name, self.identity = inner.name, inner.identity
        self._inner = inner
        self._disk = disk
        self._ttl_s = ttl_s

    async def search(self, query: SearchQuery, limit: int) -> SearchOutcome:
        key = content_hash(["search", self.identity, query.text, limit])
        kept = await self._disk.get(key)
        if kept is not None and kept[1] < self._ttl_s:
            try:
                return SearchOutcome.model_validate_json(kept[0])
            except ValidationError:  # kept by another version of ours
                pass
        outcome = await self._inner.search(query, limit)
        match outcome.status:
            case SearchStatus.FOUND | SearchStatus.EMPTY:
                await self._disk.put(key, outcome.model_dump_json().encode())
            case SearchStatus.BLOCKED | SearchStatus.BLOCKED_OR_EMPTY | SearchStatus.FAILED:
                pass
        return outcome


class SpacedSearch:
    """Starts calls at least `spacing_s` apart. `skip_wait` says when waiting is idle, as behind an open circuit."""

    def __init__(
        self,
        inner: SearchProvider,
        spacing_s: float,
        *,
        skip_wait: Callable[[], bool] = lambda: False,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.name, self.identity = inner.name, inner.identity
        self._inner = inner
        self._spacing_s = spacing_s
        self._skip_wait = skip_wait
        self._clock = clock
        self._sleep = sleep
        self._turn = asyncio.Lock()
        self._free_at = float("-inf")

    async def search(self, query: SearchQuery, limit: int) -> SearchOutcome:
        async with self._turn:
            if not self._skip_wait():
                await self._sleep(max(0.0, self._free_at - self._clock()))
                self._free_at = self._clock() + self._spacing_s
        return await self._inner.search(query, limit)


class CircuitBreaker:
    """Stops asking a provider after `threshold` strikes in a row (blocked and failed searches), for `pause_s` seconds.

    Then one search is let through to try; if it succeeds the circuit closes, else the pause begins again.
    """

    def __init__(
        self,
        inner: SearchProvider,
        *,
        threshold: int = 4,
        pause_s: float = 300.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name, self.identity = inner.name, inner.identity
        self._inner = inner
        self._threshold = threshold
        self._pause_s = pause_s
        self._clock = clock
        self._strikes = 0.0
        self._open_until = float("-inf")
        self._last: SearchOutcome | None = None

    @property
    def is_open(self) -> bool:
        """Whether the next search would be refused."""
        return self._clock() < self._open_until

    async def search(self, query: SearchQuery, limit: int) -> SearchOutcome:
        if self.is_open:
            return self._refusal()
        if self._strikes >= self._threshold:  # half open: this search tries, those beside it wait for its outcome
            self._open_until = self._clock() + self._pause_s
        outcome = await self._inner.search(query, limit)
        self._learn(outcome)
        return outcome

    def _learn(self, outcome: SearchOutcome) -> None:
        if outcome.status not in _STRIKES:
            self._strikes, self._open_until = 0.0, float("-inf")
            return
        self._strikes += _STRIKES[outcome.status]
        self._last = outcome
        if self._strikes >= self._threshold:
            self._open_until = self._clock() + self._pause_s

    def _refusal(self) -> SearchOutcome:
        left = self._open_until - self._clock()
        because = f"{self._last.status.value}: {self._last.detail}" if self._last else "an unknown reason"
        return SearchOutcome(
            status=SearchStatus.BLOCKED,
            detail=f"{self.name} is not asked for another {left:.0f} s: too many searches in a row "
            f"gave no answer (last: {because})",
        )


class TracedSearch:
    """Leaves a span of each search."""

    def __init__(self, inner: SearchProvider) -> None:
        self.name, self.identity = inner.name, inner.identity
        self._inner = inner

    async def search(self, query: SearchQuery, limit: int) -> SearchOutcome:
        with span("search", self.name, query=query.text, signal=query.signal) as attributes:
            outcome = await self._inner.search(query, limit)
            attributes |= {"status": outcome.status.value, "hits": len(outcome.hits), "detail": outcome.detail}
            return outcome


class TracedSites(TracedSearch):
    """Leaves a span of each search in sites that are held whole."""

    def __init__(self, inner: FolderSearch | SiteListSearch) -> None:
        super().__init__(inner)
        self._sites = inner

    async def site(self, website: str) -> SiteRead:
        """All that is held of a web site."""
        return await self._sites.site(website)

    async def page_on_disk(self, url: str) -> Page | None:
        """The page at one address, if the sites are files of this machine."""
        return await self._sites.page(url) if isinstance(self._sites, FolderSearch) else None

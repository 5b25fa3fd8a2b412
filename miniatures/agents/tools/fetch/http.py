"""The fetcher: polite, cached, capped and guarded; every failure comes back as an outcome with a closed word for it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from miniatures.agents.tools.disk_cache import DiskCache
from miniatures.agents.tools.extract.extraction import Extraction
from miniatures.agents.tools.extract.extractor import Extractor
from miniatures.agents.tools.fetch.address import AddressGuard
from miniatures.agents.tools.fetch.download import Downloader, Reply
from miniatures.agents.tools.fetch.hosts import HostsMap
from miniatures.agents.tools.fetch.http_cache import HttpCache, KeptReply
from miniatures.agents.tools.fetch.network import GuardedBackend, Resolve, resolve_with_system
from miniatures.agents.tools.fetch.pace import HostPace, Pace
from miniatures.agents.tools.fetch.robots import Robots
from miniatures.agents.tools.fetching import FetchOutcome, FetchProblem, FetchStatus, PageFetcher
from miniatures.agents.tools.urls import authority, next_url, web_url
from miniatures.datamodel.campaign import FetchSettings
from miniatures.datamodel.evidence import Page
from miniatures.store.tracing import span

MAX_REDIRECTS = 5


@dataclass
class _Patience:
    """Seconds of network time that a fetch has left, over all its redirects; waiting for a turn does not count."""

    left_s: float


@dataclass(frozen=True)
class _Document:
    url: str
    reply: Reply
    fetched_at: datetime


class HttpFetcher(PageFetcher):
    """Fetches pages of the public web, and of those private addresses that `settings.allow` names.

    `hosts` resolves names by hand; `cache` is the folder for the HTTP cache, none if null; `resolve` replaces the
    system's resolver. Proxies named by environment variables are not used.

    Raises:
        InputError: `settings.allow` or `hosts` holds what is no IP address.
    """

    def __init__(
        self,
        settings: FetchSettings | None = None,
        *,
        hosts: Mapping[str, str] | None = None,
        cache: Path | None = None,
        resolve: Resolve = resolve_with_system,
    ) -> None:
        self._settings = settings or FetchSettings()
        guarded = GuardedBackend(AddressGuard(self._settings.allow), HostsMap(hosts or {}), resolve)
        self._downloader = Downloader(self._settings, guarded)
        self._disk = DiskCache(cache / "http.sqlite") if cache else None
        self._cache = HttpCache(self._disk)
        self.extractor = Extractor(self._settings.extract_timeout_s, cache)
        self._pace = Pace(self._settings.per_host_interval_s)
        self._robots = Robots(self._settings.user_agent)

    @property
    def identity(self) -> dict[str, Any]:
        """The settings that change what is read; how fast it is read does not."""
        return self._settings.model_dump(mode="json", exclude={"per_host_interval_s", "extract_timeout_s"})

    async def fetch(self, url: str) -> FetchOutcome:
        """The page's main text, or why there is none.

        Raises:
            StoreError: the cache cannot be used.
        """
        return (await self.fetch_links(url))[0]

    async def fetch_links(self, url: str) -> tuple[FetchOutcome, tuple[str, ...]]:
        """As `fetch`, and the page's links to its own host, in reading order, for a crawler."""
        try:
            document = await self._traced_document(url)
            extraction = await self._traced_extraction(document)
        except FetchProblem as problem:
            return FetchOutcome(status=problem.status, url=url, detail=problem.detail), ()
        return _outcome(document, extraction), extraction.links

    async def kept(self, url: str) -> Page | None:
        """The page as the cache has it, however old; None if it does not. No site is asked."""
        try:
            asked = web_url(url)
            for _ in range(MAX_REDIRECTS + 1):
                kept = await self._cache.get(asked)
                if kept is None:
                    return None
                if not kept.reply.is_redirect:
                    document = _Document(str(asked), kept.reply, kept.fetched_at)
                    return _outcome(document, await self._traced_extraction(document)).page
                asked = next_url(asked, kept.reply.headers.get("location", ""))
        except FetchProblem:
            return None
        return None

    async def aclose(self) -> None:
        """Close connections and cache."""
        await self._downloader.aclose()
        self.extractor.close()
        if self._disk is not None:
            self._disk.close()

    async def __aenter__(self) -> HttpFetcher:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def _traced_document(self, url: str) -> _Document:
        with span("fetch", "http", url=url) as attributes:
            try:
                document = await self._follow(web_url(url))
            except FetchProblem as problem:
                attributes |= {"status": problem.status.value, "detail": problem.detail}
                raise
            attributes |= {"status": "fetched", "bytes": len(document.reply.body), "final_url": document.url}
            return document

    async def _traced_extraction(self, document: _Document) -> Extraction:
        with span("extract", document.reply.content_type or "unknown", url=document.url) as attributes:
            extraction = await self.extractor.extract(
                document.reply.body, document.reply.headers.get("content-type", ""), document.url
            )
            attributes |= {"status": extraction.status.value, "characters": len(extraction.text)}
            return extraction

    async def _follow(self, url: httpx.URL) -> _Document:
        """Follow redirects by hand, each one paced, checked against robots.txt and guarded like a first request."""
        patience = _Patience(self._settings.timeout_s)
        for _ in range(MAX_REDIRECTS + 1):
            kept = await self._ask(url, patience)
            if not kept.reply.is_redirect:
                _check_status(kept.reply.status)
                return _Document(str(url), kept.reply, kept.fetched_at)
            url = next_url(url, kept.reply.headers.get("location", ""))
        raise FetchProblem(FetchStatus.TOO_MANY_REDIRECTS, f"more than {MAX_REDIRECTS} redirects")

    async def _ask(self, url: httpx.URL, patience: _Patience) -> KeptReply:
        """One hop: from the cache if fresh, else from the site when it is our turn."""
        kept = await self._cache.get(url)
        if kept is not None and kept.is_fresh:
            return kept
        async with self._pace.turn(authority(url)) as pace:
            kept = await self._cache.get(url)  # somebody else may have fetched it while we waited
            if kept is not None and kept.is_fresh:
                return kept
            pause_s = await self._robots.check(url, lambda robots: self._read_robots(robots, pace))
            self._pace.slow_down(pace, pause_s)
            return await self._ask_site(url, kept, pace, patience)

    async def _ask_site(self, url: httpx.URL, kept: KeptReply | None, pace: HostPace, patience: _Patience) -> KeptReply:
        await self._pace.wait(pace)
        started = time.monotonic()
        try:
            reply = await self._downloader.get(url, kept.conditions if kept else {}, max(patience.left_s, 0.001))
        finally:
            patience.left_s -= time.monotonic() - started
        if reply.status in (429, 503):
            self._pace.back_off(pace, _retry_after_s(reply))
        if kept is not None and reply.status == 304:
            reply = kept.reply
        return await self._cache.put(url, reply)

    async def _read_robots(self, url: httpx.URL, pace: HostPace) -> Reply:
        """robots.txt, within the turn that its host has given us already."""
        patience = _Patience(self._settings.timeout_s)
        for _ in range(MAX_REDIRECTS + 1):
            kept = await self._cache.get(url)
            if kept is None or not kept.is_fresh:
                kept = await self._ask_site(url, kept, pace, patience)
            if not kept.reply.is_redirect:
                return kept.reply
            url = next_url(url, kept.reply.headers.get("location", ""))
        raise FetchProblem(FetchStatus.TOO_MANY_REDIRECTS, f"more than {MAX_REDIRECTS} redirects")


def _outcome(document: _Document, extraction: Extraction) -> FetchOutcome:
    if extraction.status is not FetchStatus.FETCHED:
        return FetchOutcome(status=extraction.status, url=document.url, detail=extraction.detail)
    page = Page.of(
        document.url,
        extraction.text,
        title=extraction.title,
        published=extraction.published,
        fetched_at=document.fetched_at,
    )
    return FetchOutcome.of(page)


def _check_status(status: int) -> None:
    match status:
        case 204 | 205:
            raise FetchProblem(FetchStatus.EMPTY, f"HTTP {status}")
        case 404 | 410:
            raise FetchProblem(FetchStatus.NOT_FOUND, f"HTTP {status}")
        case 401 | 402 | 403 | 407 | 429 | 451 | 503 | 999:
            raise FetchProblem(FetchStatus.BLOCKED, f"HTTP {status}")
        case _ if not 200 <= status < 300:
            raise FetchProblem(FetchStatus.FAILED, f"HTTP {status}")


def _retry_after_s(reply: Reply) -> float:
    """Seconds that a Retry-After header asks for; a date in it, or nonsense, counts as 5."""
    stated = reply.headers.get("retry-after", "")
    return float(stated) if stated.isascii() and stated.isdigit() else 5.0

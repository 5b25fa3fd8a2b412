"""From the one line in a campaign file to a search provider that is cached, spaced and broken off when it blocks."""

from __future__ import annotations

import os
from pathlib import Path

from miniatures.agents.tools.crawl import LinkFetcher
from miniatures.agents.tools.disk_cache import DiskCache
from miniatures.agents.tools.extract.extractor import Extractor
from miniatures.agents.tools.search import brave, ddgs, searxng, tavily
from miniatures.agents.tools.search.base import SearchProvider
from miniatures.agents.tools.search.folder import FolderSearch
from miniatures.agents.tools.search.sites import SECONDS_PER_SITE, SiteListSearch
from miniatures.agents.tools.search.wrappers import (
    CachedSearch,
    CircuitBreaker,
    SpacedSearch,
    TracedSearch,
    TracedSites,
)
from miniatures.agents.tools.websites import root_url
from miniatures.datamodel.campaign import SearchSettings
from miniatures.datamodel.errors import InputError

_KNOWN = "ddgs, searxng:URL, brave, tavily, local:PATH"


def open_search(
    settings: SearchSettings,
    *,
    folder: Path,
    fetcher: LinkFetcher | None = None,
    extractor: Extractor | None = None,
    cache: Path | None = None,
    seconds_per_site: float = SECONDS_PER_SITE,
) -> SearchProvider:
    """The provider that `settings.use` names.

    Relative paths start at `folder`. `fetcher` crawls the sites of a site list, each in so many seconds; `extractor`
    reads the documents of a folder. `cache` is the folder that results are kept in; without one they are not kept.

    Raises:
        InputError: the provider is unknown, its key is missing, or its path or URL is wrong.
    """
    kind, _, rest = settings.use.strip().partition(":")
    if kind == "local":
        local = _open_local(rest, folder, fetcher, extractor, seconds_per_site)
        local.identity = f"{kind}:{rest}@{local.content[:12]}"  # as the campaign file says it, wherever its folder lies
        return TracedSites(local)
    provider, spacing_s = _open_remote(kind, rest)
    breaker = CircuitBreaker(provider)
    spacing_s = spacing_s if settings.spacing_s is None else settings.spacing_s
    search: SearchProvider = SpacedSearch(breaker, spacing_s, skip_wait=lambda: breaker.is_open)
    if cache is not None:
        search = CachedSearch(search, DiskCache(cache / "search.sqlite"))
    return TracedSearch(search)


def _open_remote(kind: str, rest: str) -> tuple[SearchProvider, float]:
    """The provider and its own spacing in seconds."""
    match kind:
        case "ddgs":
            return ddgs.DdgsSearch(), ddgs.SPACING_S
        case "brave":
            return brave.BraveSearch(_key("BRAVE_API_KEY", kind)), brave.SPACING_S
        case "tavily":
            return tavily.TavilySearch(_key("TAVILY_API_KEY", kind)), tavily.SPACING_S
        case "searxng":
            if not rest.startswith(("http://", "https://")) or not root_url(rest):
                raise InputError(
                    "search: what follows searxng: is no address", hint="Write searxng:http://127.0.0.1:8888."
                )
            return searxng.SearxngSearch(rest), searxng.SPACING_S
    raise InputError(f"search: no provider is called {kind!r}", hint=f"There are {_KNOWN}.")


def _open_local(
    rest: str, folder: Path, fetcher: LinkFetcher | None, extractor: Extractor | None, seconds_per_site: float
) -> FolderSearch | SiteListSearch:
    path = folder / Path(rest).expanduser()
    if not rest or not path.exists():
        raise InputError(f"search: {path if rest else 'local:'} does not exist", hint="Write local:PATH to documents.")
    if path.is_dir():
        return FolderSearch(path, extractor, leave_out=folder / "runs")
    if path.suffix.lower() != ".txt":
        raise InputError(f"search: {path} is neither a folder nor a .txt site list", hint="Write one site URL a line.")
    if fetcher is None:
        raise InputError(f"search: the sites in {path} need a fetcher", hint="Give open_search(fetcher=...).")
    return SiteListSearch(path, fetcher, seconds_per_site=seconds_per_site)


def _key(variable: str, provider: str) -> str:
    key = os.environ.get(variable, "").strip()
    if not key:
        raise InputError(f"search: {provider} needs a key", hint=f"Set the environment variable {variable}.")
    return key

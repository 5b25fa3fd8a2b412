"""Web sites as people write them: with or without http, www and a slash."""

from __future__ import annotations

from functools import lru_cache

import httpx

from miniatures.agents.tools.fetching import FetchProblem
from miniatures.agents.tools.urls import web_url


def root_url(website: str) -> str:
    """The address to begin at; https if none is named. Empty for what is no web site."""
    url = _url(website)
    return "" if url is None else str(url)


@lru_cache(maxsize=4_096)
def host_of(website: str) -> str:
    """The host, without `www.`, by which two spellings of one site are the same; empty for what is no web site."""
    url = _url(website)
    return "" if url is None else url.host.removeprefix("www.")


def _url(website: str) -> httpx.URL | None:
    text = website.strip()
    try:
        return web_url(text if "://" in text else f"https://{text.removeprefix('//')}")
    except FetchProblem:
        return None

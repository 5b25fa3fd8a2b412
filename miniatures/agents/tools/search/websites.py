"""Web sites as people write them: with or without http, www and a slash."""

from __future__ import annotations

from miniatures.agents.tools.fetching import FetchProblem
from miniatures.agents.tools.urls import web_url


def root_url(website: str) -> str:
    """The address to begin at; https if none is named. Empty for what is no web site."""
    text = website.strip()
    if not text:
        return ""
    try:
        return str(web_url(text if "://" in text else f"https://{text}"))
    except FetchProblem:
        return ""


def host_of(website: str) -> str:
    """The host, without `www.`, by which two spellings of one site are the same; empty for what is no web site."""
    url = root_url(website)
    return web_url(url).host.removeprefix("www.") if url else ""

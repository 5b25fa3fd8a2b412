"""The links of a page to its own host, for the crawler of a site list. Nothing else in the product follows a link."""

from __future__ import annotations

import httpx
from lxml.html import HtmlElement

from miniatures.agents.tools.fetching import FetchProblem
from miniatures.agents.tools.urls import authority, next_url, web_url

_MOST_LINKS = 500
_NOT_PAGES = (
    ".jpg",
    ".jpeg",
    ".png",
    ".gif",
    ".svg",
    ".webp",
    ".ico",
    ".css",
    ".js",
    ".zip",
    ".gz",
    ".mp4",
    ".mp3",
    ".xml",
    ".json",
    ".woff2",
)


def same_host_links(root: HtmlElement, url: str) -> tuple[str, ...]:
    """Distinct pages of the same host that the shown part of the page links to, in reading order."""
    try:
        base = web_url(url)
    except FetchProblem:  # a document from a folder
        return ()
    links: dict[str, None] = {}
    for anchor in root.iter("a"):
        target = _target(base, anchor.get("href", ""), anchor.get("rel", ""))
        if target and target != str(base):
            links[target] = None
        if len(links) == _MOST_LINKS:
            break
    return tuple(links)


def _target(base: httpx.URL, href: str, rel: str) -> str:
    if not href or href.startswith("#") or "nofollow" in rel.lower():
        return ""
    try:
        target = next_url(base, href)
    except FetchProblem:
        return ""
    is_page = not target.path.lower().endswith(_NOT_PAGES)
    return str(target) if is_page and authority(target) == authority(base) else ""

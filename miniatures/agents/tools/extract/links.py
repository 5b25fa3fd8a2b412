"""The links of a page to its own host, for the crawler of a site list. Nothing else in the product follows a link."""

from __future__ import annotations

import re

import httpx
from lxml.html import HtmlElement

from miniatures.agents.tools.fetching import FetchProblem
from miniatures.agents.tools.urls import authority, next_url, web_url

_MOST_LINKS = 500
_NO_PAGE = re.compile(
    r"\.(?:jpe?g|png|gif|svg|webp|avif|ico|bmp|tiff?|css|m?js|json|xml|rss|atom|ics|vcf|woff2?|ttf|eot"
    r"|mp[34]|m4[av]|mov|avi|wmv|webm|ogg|wav|zip|t?gz|bz2|xz|7z|rar|tar|exe|msi|dmg|pkg|deb|rpm|apk|iso|bin"
    r"|docx?|dotx?|xlsx?|pptx?|od[tsp]|rtf|csv|epub|eps|psd|ai|dwg)$",
    re.IGNORECASE,
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
    is_page = _NO_PAGE.search(target.path) is None
    return str(target) if is_page and authority(target) == authority(base) else ""

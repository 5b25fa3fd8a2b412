"""What counts as the address of a web page: http or https, a host, and no credentials.

Every address from outside (a link, a redirect, a hit, a cell of the list) is read here, so that what is wrong with one
has one typed error.
"""

from __future__ import annotations

import ipaddress
import re

import httpx

from miniatures.agents.tools.fetching import FetchProblem, FetchStatus

_LONGEST_URL = 4_096
_LONGEST_HOST = 253
_HOST_NAME = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.?")


def web_url(text: str) -> httpx.URL:
    """The URL without fragment and credentials, its host in lower case and punycode, with at least a slash for a path.

    Raises:
        FetchProblem: it is not the address of a web page.
    """
    if len(text) > _LONGEST_URL:
        raise FetchProblem(FetchStatus.FAILED, f"the URL is longer than {_LONGEST_URL} characters")
    try:
        url = httpx.URL(text.strip())
        host = url.host  # read here: a host that is no IDNA is only found out by asking for it
    except (httpx.InvalidURL, ValueError) as error:
        raise FetchProblem(FetchStatus.FAILED, f"not a URL: {error}") from error
    if url.scheme not in ("http", "https"):
        raise FetchProblem(
            FetchStatus.ADDRESS_REFUSED, f"only http and https are fetched, not {url.scheme or 'none'!r}"
        )
    if not host:
        raise FetchProblem(FetchStatus.FAILED, "the URL names no host")
    if not _is_host(url.raw_host.decode("ascii")):
        raise FetchProblem(FetchStatus.FAILED, f"{host[:100]!r} is no host name")
    return url.copy_with(raw_path=url.raw_path, fragment=None, username="", password="")


def _is_host(host: str) -> bool:
    if ":" not in host:
        return len(host) <= _LONGEST_HOST and _HOST_NAME.fullmatch(host) is not None
    try:
        return ipaddress.IPv6Address(host).scope_id is None
    except ValueError:
        return False


def next_url(url: httpx.URL, location: str) -> httpx.URL:
    """Where a redirect leads.

    Raises:
        FetchProblem: not to a web page.
    """
    try:
        joined = url.join(location.strip())
    except (httpx.InvalidURL, ValueError) as error:
        raise FetchProblem(FetchStatus.FAILED, f"not a URL: {error}") from error
    return web_url(str(joined))


def authority(url: httpx.URL) -> str:
    """Host and port: what robots.txt, pace and crawl are kept for."""
    return url.netloc.decode("ascii")

"""What counts as the address of a web page: http or https, a host, and no credentials."""

from __future__ import annotations

import httpx

from miniatures.agents.tools.fetching import FetchProblem, FetchStatus

_LONGEST_URL = 4_096


def web_url(text: str) -> httpx.URL:
    """The URL without fragment and credentials, its host in lower case and punycode, with at least a slash for a path.

    Raises:
        FetchProblem: it is not the address of a web page.
    """
    if len(text) > _LONGEST_URL:
        raise FetchProblem(FetchStatus.FAILED, f"the URL is longer than {_LONGEST_URL} characters")
    try:
        url = httpx.URL(text.strip())
    except (httpx.InvalidURL, ValueError) as error:
        raise FetchProblem(FetchStatus.FAILED, f"not a URL: {error}") from error
    if url.scheme not in ("http", "https"):
        raise FetchProblem(
            FetchStatus.ADDRESS_REFUSED, f"only http and https are fetched, not {url.scheme or 'none'!r}"
        )
    if not url.host:
        raise FetchProblem(FetchStatus.FAILED, "the URL names no host")
    return url.copy_with(raw_path=url.raw_path, fragment=None, username="", password="")


def next_url(url: httpx.URL, location: str) -> httpx.URL:
    """Where a redirect leads.

    Raises:
        FetchProblem: not to a web page.
    """
    try:
        joined = url.join(location.strip())
    except (httpx.InvalidURL, ValueError) as error:
        raise FetchProblem(FetchStatus.FAILED, f"redirect to what is not a URL: {error}") from error
    return web_url(str(joined))


def authority(url: httpx.URL) -> str:
    """Host and port: what robots.txt, pace and crawl are kept for."""
    return url.netloc.decode("ascii")


def without_userinfo(url: str) -> str:
    """The address without a user and password in it."""
    scheme, slashes, rest = url.partition("//")
    host, slash, path = rest.partition("/")
    return f"{scheme}{slashes}{host.rpartition('@')[2]}{slash}{path}"

"""Holds a search or a fetcher of a developer's own to its protocol: what it lacks is told when the context is made, and
what it gives when it is asked.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from inspect import isawaitable
from typing import Any, TypeVar, cast

from miniatures.agents.tools.crawl import LinkFetcher, SiteRead
from miniatures.agents.tools.fetching import FetchOutcome, FetchStatus, PageFetcher
from miniatures.agents.tools.search.base import SearchOutcome, SearchProvider, SearchQuery, SearchStatus, SiteHolder
from miniatures.datamodel.errors import InputError, MiniaturesError, described

_log = logging.getLogger(__name__)

_T = TypeVar("_T")
Outcome = TypeVar("Outcome", SearchOutcome, FetchOutcome)
_SEARCH = "Give an object with a name, an identity and `async def search(query, limit)`, such as FolderSearch(PATH)."
_FETCHER = "Give an object with an identity and `async def fetch(url)`, such as HttpFetcher()."


def require_search(search: Any) -> None:
    """Refuse what is no `SearchProvider`.

    Raises:
        InputError: says what it lacks.
    """
    if not callable(getattr(search, "search", None)):
        raise InputError(f"search is a {_kind(search)}, which has no method `search`", hint=_SEARCH)
    for name in ("name", "identity"):
        if not isinstance(getattr(search, name, None), str):
            raise InputError(f"the {name} of the search {_kind(search)} is no string", hint=_SEARCH)


def require_fetcher(fetcher: Any) -> None:
    """Refuse what is no `PageFetcher`.

    Raises:
        InputError: says what it lacks.
    """
    if not callable(getattr(fetcher, "fetch", None)):
        raise InputError(f"fetcher is a {_kind(fetcher)}, which has no method `fetch`", hint=_FETCHER)
    if not isinstance(getattr(fetcher, "identity", None), Mapping):
        raise InputError(f"the identity of the fetcher {_kind(fetcher)} is no dictionary", hint=_FETCHER)


async def searched(search: SearchProvider, query: SearchQuery, limit: int) -> SearchOutcome:
    """What a search gave; one that raises has failed, like one that says so.

    Raises:
        InputError: it is not asynchronous, or gave something else.
    """
    method = f"{_kind(search)}.search"
    return await _or_failed(
        lambda: _held(search.search(query, limit), SearchOutcome, method),
        lambda error: SearchOutcome(status=SearchStatus.FAILED, detail=_raised(method, query.text, error)),
    )


async def fetched(fetcher: PageFetcher, url: str) -> FetchOutcome:
    """What a fetch gave; one that raises has failed, like one that says so.

    Raises:
        InputError: it is not asynchronous, or gave something else.
    """
    method = f"{_kind(fetcher)}.fetch"
    return await _or_failed(
        lambda: _held(fetcher.fetch(url), FetchOutcome, method), lambda error: _failed_fetch(method, url, error)
    )


@dataclass(frozen=True)
class HeldLinks:
    """A fetcher of links; one that raises has failed, like one that says so."""

    inner: LinkFetcher

    async def fetch_links(self, url: str) -> tuple[FetchOutcome, tuple[str, ...]]:
        """The outcome, and the links in reading order."""
        method = f"{_kind(self.inner)}.fetch_links"
        return await _or_failed(
            lambda: self.inner.fetch_links(url), lambda error: (_failed_fetch(method, url, error), ())
        )


async def held_site(search: SiteHolder, website: str) -> SiteRead:
    """What a search holds of a site; one that raises has failed, like one that says so."""
    method = f"{_kind(search)}.site"
    return await _or_failed(
        lambda: search.site(website), lambda error: SiteRead(problems=[_failed_fetch(method, website, error)])
    )


async def _or_failed(ask: Callable[[], Awaitable[_T]], failed: Callable[[Exception], _T]) -> _T:
    """What comes of asking; for an exception that is none of ours, what `failed` makes of it."""
    try:
        return await ask()
    except MiniaturesError:
        raise
    except Exception as error:
        return failed(error)


def _failed_fetch(method: str, url: str, error: Exception) -> FetchOutcome:
    return FetchOutcome(status=FetchStatus.FAILED, url=url, detail=_raised(method, url, error))


def _raised(method: str, asked: str, error: Exception) -> str:
    """What is told of an exception; its own words, which may quote a key, stand in the log of debugging alone."""
    _log.debug("%s raised for %r", method, asked, exc_info=error)
    return f"{method} raised {described(error)}"


async def _held(given: Awaitable[Outcome], kind: type[Outcome], method: str) -> Outcome:
    if not isawaitable(given):
        raise InputError(f"{method} is not asynchronous", hint=f"Write it as `async def {method.rpartition('.')[2]}`.")
    outcome = cast(Any, await given)
    if not isinstance(outcome, kind):
        raise InputError(
            f"{method} gave a {_kind(outcome)}, no {kind.__name__}", hint=f"Return {kind.__name__}.of(...)."
        )
    return outcome


def _kind(value: Any) -> str:
    return type(value).__name__

"""The fetch protocol: a URL in, the page's main text out, or the closed word for why there is none."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Protocol

from miniatures.datamodel.evidence import Page
from miniatures.datamodel.frozen import Frozen


class FetchStatus(StrEnum):
    """Everything that can come of a fetch."""

    FETCHED = "fetched"
    EMPTY = "empty"
    NOT_FOUND = "not_found"
    BLOCKED = "blocked"
    ROBOTS_DISALLOWED = "robots_disallowed"
    ADDRESS_REFUSED = "address_refused"
    NEEDS_BROWSER = "needs_browser"
    UNSUPPORTED_TYPE = "unsupported_type"
    TOO_LARGE = "too_large"
    TOO_MANY_REDIRECTS = "too_many_redirects"
    TIMED_OUT = "timed_out"
    OUT_OF_TIME = "out_of_time"
    """There was no time left for the page among all that are read for one prospect."""
    UNREADABLE = "unreadable"
    FAILED = "failed"


class FetchOutcome(Frozen):
    """What one fetch gave; `page` is set exactly when the status is `fetched`."""

    status: FetchStatus
    url: str
    page: Page | None = None
    detail: str = ""

    @classmethod
    def of(cls, page: Page) -> FetchOutcome:
        """The outcome of a fetch that gave this page."""
        return cls(status=FetchStatus.FETCHED, url=page.url, page=page)


class FetchProblem(Exception):
    """Why a fetch gave no page: raised inside the fetcher, and turned into an outcome at its edge."""

    def __init__(self, status: FetchStatus, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


class PageFetcher(Protocol):
    """Fetches and extracts. Expected failures are outcomes, not exceptions."""

    @property
    def identity(self) -> Mapping[str, Any]:
        """What decides which text a page gives; part of the policy."""
        ...

    async def fetch(self, url: str) -> FetchOutcome:
        """The page's main text."""
        ...

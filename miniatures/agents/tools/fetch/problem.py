"""Why a fetch gave no page, raised inside the fetcher and turned into an outcome at its edge."""

from __future__ import annotations

from miniatures.agents.tools.fetch.base import FetchStatus


class FetchProblem(Exception):
    """An expected failure, with the closed word for it."""

    def __init__(self, status: FetchStatus, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail

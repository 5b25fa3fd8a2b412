"""The Brave Search API; its key comes from BRAVE_API_KEY."""

from __future__ import annotations

import httpx

from miniatures.agents.tools.search.answers import NoAnswer, ask_json, outcome_of
from miniatures.agents.tools.search.base import SearchOutcome, SearchQuery

ENDPOINT = "https://api.search.brave.com/res/v1/web/search"
SPACING_S = 1.1  # the free plan allows one call a second
_MOST_RESULTS = 20


class BraveSearch:
    """Asks Brave's web search."""

    name = identity = "brave"

    def __init__(self, key: str, endpoint: str = ENDPOINT) -> None:
        self._key = key
        self._endpoint = endpoint

    async def search(self, query: SearchQuery, limit: int) -> SearchOutcome:
        request = httpx.Request(
            "GET",
            self._endpoint,
            params={"q": query.text[:400], "count": min(limit, _MOST_RESULTS)},
            headers={"Accept": "application/json", "X-Subscription-Token": self._key},
        )
        try:
            answer = await ask_json(self.name, request)
            web = answer.get("web") or {"results": []}  # absent when nothing was found
            return outcome_of(
                web.get("results") if isinstance(web, dict) else None, "url", "title", "description", limit
            )
        except NoAnswer as problem:
            return problem.outcome

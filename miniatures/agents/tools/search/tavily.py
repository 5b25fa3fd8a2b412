"""The Tavily search API; its key comes from TAVILY_API_KEY."""

from __future__ import annotations

import httpx

from miniatures.agents.tools.search.answers import NoAnswer, ask_json, outcome_of
from miniatures.agents.tools.search.base import SearchOutcome, SearchQuery

ENDPOINT = "https://api.tavily.com/search"
SPACING_S = 0.6  # 100 calls a minute
_MOST_RESULTS = 20


class TavilySearch:
    """Asks Tavily's basic search."""

    name = identity = "tavily"

    def __init__(self, key: str, endpoint: str = ENDPOINT) -> None:
        self._key = key
        self._endpoint = endpoint

    async def search(self, query: SearchQuery, limit: int) -> SearchOutcome:
        request = httpx.Request(
            "POST",
            self._endpoint,
            json={"query": query.text[:400], "max_results": min(limit, _MOST_RESULTS), "search_depth": "basic"},
            headers={"Authorization": f"Bearer {self._key}"},
        )
        try:
            answer = await ask_json(self.name, request)
            return outcome_of(answer.get("results"), "url", "title", "content", limit)
        except NoAnswer as problem:
            return problem.outcome

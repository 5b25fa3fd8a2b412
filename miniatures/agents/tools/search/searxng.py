"""SearXNG, a metasearch engine that one runs oneself. Its JSON format must be switched on in its settings."""

from __future__ import annotations

import httpx

from miniatures.agents.tools.search.answers import NoAnswer, ask_json, outcome_of
from miniatures.agents.tools.search.base import SearchOutcome, SearchQuery, SearchStatus
from miniatures.datamodel.redaction import without_secrets

SPACING_S = 1.0


class SearxngSearch:
    """Asks the SearXNG server at `url`; a user and password in it, and its query, go along with every search."""

    name = "searxng"

    def __init__(self, url: str) -> None:
        address = httpx.URL(url)
        self._url = address.copy_with(path=f"{address.path.rstrip('/')}/search", fragment=None)
        self.identity = f"{self.name}:{without_secrets(url.rstrip('/'))}"

    async def search(self, query: SearchQuery, limit: int) -> SearchOutcome:
        request = httpx.Request("GET", self._url.copy_merge_params({"q": query.text, "format": "json"}))
        try:
            answer = await ask_json(self.name, request)
            outcome = outcome_of(answer.get("results"), "url", "title", "content", limit)
        except NoAnswer as problem:
            return problem.outcome
        silent = answer.get("unresponsive_engines")
        if outcome.status is SearchStatus.EMPTY and silent:
            return SearchOutcome(status=SearchStatus.BLOCKED_OR_EMPTY, detail=f"engines without an answer: {silent}")
        return outcome

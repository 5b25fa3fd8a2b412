"""The library `ddgs`: web search without a key, through engines that block without saying so."""

from __future__ import annotations

import asyncio

from miniatures.agents.tools.search.answers import NoAnswer, outcome_of
from miniatures.agents.tools.search.base import SearchOutcome, SearchQuery, SearchStatus
from miniatures.datamodel.json_types import WireObject

BACKENDS = ("duckduckgo", "brave", "mojeek", "yahoo", "startpage")
"""Named one by one: left to itself the library begins with encyclopedias, which know no small company."""

SPACING_S = 3.0
_TIMEOUT_S = 15
_NOTHING = "No results found."
_NETWORK_WORDS = {
    "dns": "DNS: no engine's name resolves",
    "certificate": "certificate: it was refused",
    "refused": "connection refused",
    "timed out": "timed out",
    "unreachable": "network is unreachable",
}
"""What the library's sentence holds, in lower case, and what the network said by it."""


class DdgsSearch:
    """Asks the engines behind `ddgs`, in a thread. An engine that blocks looks the same as one that finds nothing."""

    name = identity = "ddgs"

    def __init__(self, backends: tuple[str, ...] = BACKENDS) -> None:
        self._backends = ",".join(backends)

    async def search(self, query: SearchQuery, limit: int) -> SearchOutcome:
        from ddgs.exceptions import DDGSException, RatelimitException, TimeoutException

        try:
            results = await asyncio.to_thread(self._ask, query.text, limit)
            return outcome_of(results, "href", "title", "body", limit)
        except NoAnswer as problem:
            return problem.outcome
        except RatelimitException:
            return SearchOutcome(
                status=SearchStatus.BLOCKED, detail="ddgs: the engines ask for patience (too many calls)"
            )
        except TimeoutException:
            return SearchOutcome(status=SearchStatus.FAILED, detail="ddgs could not be reached: timed out")
        except DDGSException as error:
            if _NOTHING in str(error):
                return SearchOutcome(status=SearchStatus.BLOCKED_OR_EMPTY, detail=f"ddgs: {_NOTHING}")
            detail = f"ddgs could not be reached: {_network_word(error)}"
            return SearchOutcome(status=SearchStatus.FAILED, detail=detail)

    def _ask(self, text: str, limit: int) -> list[WireObject]:
        from ddgs import DDGS

        found: list[WireObject] = DDGS(timeout=_TIMEOUT_S).text(
            text, region="us-en", max_results=limit, backend=self._backends
        )
        return found


def _network_word(error: Exception) -> str:
    """The library tells no codes, and its sentences quote addresses: what it means is recognized, else not repeated."""
    said = str(error).lower()
    return next((word for sign, word in _NETWORK_WORDS.items() if sign in said), type(error).__name__)

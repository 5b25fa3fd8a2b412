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
        except RatelimitException as error:
            return SearchOutcome(status=SearchStatus.BLOCKED, detail=f"ddgs: {error}")
        except TimeoutException as error:
            return SearchOutcome(status=SearchStatus.FAILED, detail=f"ddgs: timed out: {error}")
        except DDGSException as error:
            status = SearchStatus.BLOCKED_OR_EMPTY if _NOTHING in str(error) else SearchStatus.FAILED
            return SearchOutcome(status=status, detail=f"ddgs: {error}"[:300])

    def _ask(self, text: str, limit: int) -> list[WireObject]:
        from ddgs import DDGS

        found: list[WireObject] = DDGS(timeout=_TIMEOUT_S).text(
            text, region="us-en", max_results=limit, backend=self._backends
        )
        return found

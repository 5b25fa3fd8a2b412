"""The small campaign with a second backend in its shadow: drafts to judge and pairs to compare, from real calls."""

from __future__ import annotations

import json
from typing import Any

from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatResult

from miniatures.agents.run_events import RunSummary
from miniatures.agents.seats import Seats
from miniatures.backends.wrappers.recorded import RecordedBackend
from miniatures.datamodel.backend import BackendIdentity
from tests.chaos.small_campaign import NAME, SteadyBackend, run_small_campaign

__all__ = ["NAME", "OtherBackend", "run_with_shadow"]


class OtherBackend(SteadyBackend):
    """Writes otherwise than the one beside it, and says so."""

    identity: BackendIdentity = BackendIdentity(provider="other", model="other")

    def _generate(self, messages: list[BaseMessage], *arguments: Any, **kwargs: Any) -> ChatResult:
        result = super()._generate(messages, *arguments, **kwargs)
        answer = json.loads(str(result.generations[0].message.content))
        if "body" in answer:
            answer["body"] = answer["body"].replace("again.", "once more.")
            result.generations[0].message.content = json.dumps(answer)
        return result


async def run_with_shadow(url: str, count: int) -> RunSummary:
    seats = Seats(RecordedBackend(SteadyBackend()), shadow=RecordedBackend(OtherBackend()))
    return await run_small_campaign(url, count, seats)

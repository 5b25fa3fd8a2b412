"""A small deterministic campaign for fault tests: all real but the model's words, a function of the prompt.

Thirty prospects, held pages, and a model that takes its time, so that a kill can strike anywhere.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult

from miniatures.agents.campaign import CampaignRunner
from miniatures.agents.context import CampaignContext
from miniatures.agents.run_events import RunSummary
from miniatures.agents.seats import Seats
from miniatures.agents.tools.search.base import SearchHit, SearchOutcome, SearchQuery, SearchStatus
from miniatures.backends.base import Backend
from miniatures.backends.wrappers.recorded import RecordedBackend
from miniatures.datamodel.backend import BackendIdentity
from miniatures.datamodel.brief import Brief, Sender, Signal
from miniatures.datamodel.campaign import WritingSettings
from miniatures.datamodel.capabilities import SMALL, Capabilities
from miniatures.datamodel.evidence import Page
from miniatures.datamodel.hashing import text_hash
from miniatures.datamodel.prospect import BadRow, Prospect
from miniatures.store.ledger import Ledger
from miniatures.store.open import open_store

NAME = "small"
NOW = datetime(2026, 11, 22, tzinfo=UTC)
BRIEF = Brief(
    offer="Door and temperature sensors for cold stores.",
    claims=("Sensors fit in one working day.", "41 cold stores use them."),
    call_to_action="Would a 15-minute call next week be worth it?",
    sender=Sender(
        name="Mara Lindqvist",
        company="Frostline",
        email="mara@frostline.example",
        postal_address="Kaikatu 4, 00100 Helsinki, Finland",
    ),
    signals=(
        Signal(
            name="expansion",
            describes="new cold store, added pallet places",
            kinds=("expansion",),
            query="{company} expansion",
        ),
    ),
)


class SteadyBackend(Backend):
    """Answers each prompt with the same words every time, after a few milliseconds. Some answers fail the checks."""

    identity: BackendIdentity = BackendIdentity(provider="steady", model="steady")
    capabilities: Capabilities = Capabilities().with_trust(SMALL)
    delay_s: float = 0.004
    warmth: float | None = None

    @property
    def sampling(self) -> dict[str, Any]:
        return {} if self.warmth is None else {"temperature": self.warmth}

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        prompt = messages[-1].text
        digest = int(hashlib.sha256(prompt.encode()).hexdigest(), 16)
        asked = kwargs["response_schema"]["properties"]
        if "subject" in asked:
            text = json.dumps({"subject": f"Places {digest % 1000}", "body": f"Hello,\n\nnumber {digest % 7} again."})
        else:
            text = json.dumps({"kind": "expansion"})
        message = AIMessage(
            content=text,
            usage_metadata={
                "input_tokens": len(prompt) // 4,
                "output_tokens": 20,
                "total_tokens": len(prompt) // 4 + 20,
            },
            response_metadata={"model_name": "steady", "finish_reason": "stop"},
        )
        return ChatResult(generations=[ChatGeneration(message=message)])

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        await asyncio.sleep(self.delay_s)
        return self._generate(messages, stop, None, **kwargs)


class HeldPages:
    """A search whose pages are extracted already."""

    name = identity = "held"

    async def search(self, query: SearchQuery, limit: int) -> SearchOutcome:
        number = query.company.removeprefix("Company ")
        text = f"{query.company} added {number} pallet places in October 2026 at its site in the harbour."
        url = f"http://company-{number}.example/news"
        page = Page(url=url, text=text, text_hash=text_hash(text), published=NOW, fetched_at=NOW)
        return SearchOutcome(status=SearchStatus.FOUND, hits=(SearchHit(url=url, page=page),))


def prospects(count: int) -> Iterator[Prospect]:
    for number in range(1000, 1000 + count):
        yield Prospect(
            email=f"contact.{number}@company-{number}.example",
            company=f"Company {number}",
            first_name="Kim",
            last_name=f"Number{number}",
            website=f"http://company-{number}.example/",
        )


def small_context(models: Backend | Seats | None = None, ledger: Ledger | None = None, **more: Any) -> CampaignContext:
    """What the small campaign is run with: one recorded backend behind both roles, or the writer's seats as given."""
    first = models.first if isinstance(models, Seats) else RecordedBackend(models or SteadyBackend())
    return CampaignContext(
        **{
            "models": {"researcher": first, "writer": models if isinstance(models, Seats) else first},
            "brief": BRIEF,
            "search": HeldPages(),
            "ledger": ledger,
            "write": WritingSettings(samples=2, rewrites=1),
            "now": lambda: NOW,
            **more,
        }
    )


async def run_small_campaign(
    url: str,
    count: int = 30,
    models: Backend | Seats | None = None,
    rows: Iterable[Prospect | BadRow] | None = None,
    **runner: Any,
) -> RunSummary:
    """Run the small campaign to its end."""
    with open_store(url) as store, store.campaign_lock(NAME):
        context = small_context(models, store.ledger(NAME))
        campaign = CampaignRunner(campaign=NAME, context=context, store=store, concurrency=8, **runner)
        return await campaign.run(prospects(count) if rows is None else rows, count)


def sqlite_url(folder: Path) -> str:
    return f"sqlite:///{folder / 'campaign.sqlite'}"

"""What the graph tests share: one brief, one prospect, a page, and a backend whose answers the test itself writes."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from langchain_core.messages import AIMessage
from langchain_core.outputs import ChatGeneration, ChatResult

from miniatures.agents.context import CampaignContext
from miniatures.agents.tools.search.base import SearchHit, SearchOutcome, SearchStatus
from miniatures.backends.base import Backend
from miniatures.datamodel.backend import BackendIdentity, Price
from miniatures.datamodel.capabilities import Capabilities, Trust
from miniatures.datamodel.evidence import Page
from miniatures.datamodel.hashing import text_hash
from tests.checks.cases import BODY, BRIEF, NOW, QUOTE, SUBJECT

GOOD_EMAIL = json.dumps({"subject": SUBJECT, "body": BODY})
BAD_EMAIL = json.dumps({"subject": SUBJECT, "body": BODY.replace("7,200", "9,900")})
WORSE_EMAIL = json.dumps({"subject": "Hello!", "body": "Dear [Name], act now."})
FIRST_SENTENCE = json.dumps({"choices": [{"number": 1, "signal": "expansion"}]})
PAGE_TEXT = (
    f"Nordfrost has a friendly team of people.\n{QUOTE} It is the largest store that our people have built so far."
)


class ScriptedBackend(Backend):
    """Answers with the test's texts in order, the last one for ever: for tests whose input is the model's answer."""

    answers: list[str]
    calls: list[dict[str, Any]] = []

    def _generate(self, messages: Any, stop: Any = None, run_manager: Any = None, **options: Any) -> ChatResult:
        self.calls.append({"messages": messages, **options})
        text = self.answers[min(len(self.calls), len(self.answers)) - 1]
        message = AIMessage(
            content=text,
            usage_metadata={"input_tokens": 100, "output_tokens": 10, "total_tokens": 110},
            response_metadata={"model_name": self.identity.model, "finish_reason": "stop"},
        )
        return ChatResult(generations=[ChatGeneration(message=message)])

    async def _agenerate(self, messages: Any, stop: Any = None, run_manager: Any = None, **options: Any) -> ChatResult:
        return self._generate(messages, **options)


def scripted(
    *answers: str, name: str = "scripted", price: Price | None = None, trust: Trust | None = None
) -> ScriptedBackend:
    identity = BackendIdentity(provider="test", model=name)
    capabilities = Capabilities(probability=True).with_trust(trust or Trust())
    return ScriptedBackend(identity=identity, answers=list(answers), calls=[], price=price, capabilities=capabilities)


def page(text: str = PAGE_TEXT, url: str = "https://nordfrost.example/news", published: datetime | None = None) -> Page:
    return Page(
        url=url, title="News", text=text, text_hash=text_hash(text), published=published, fetched_at=datetime.now(UTC)
    )


class FixedSearch:
    """Gives the same outcomes in turn, the last one for ever, and keeps what it was asked."""

    name = identity = "fixed"

    def __init__(self, *outcomes: SearchOutcome) -> None:
        self._outcomes = list(outcomes)
        self.queries: list[str] = []

    async def search(self, query: Any, limit: int) -> SearchOutcome:
        self.queries.append(query.text)
        return self._outcomes[min(len(self.queries), len(self._outcomes)) - 1]


def found(*pages: Page) -> SearchOutcome:
    hits = tuple(SearchHit(url=one.url, title=one.title, page=one) for one in pages)
    return SearchOutcome(status=SearchStatus.FOUND, hits=hits)


class MemoryLedger:
    """The ledger's contract in a dictionary, through JSON as the real one."""

    def __init__(self) -> None:
        self.rows: dict[Any, str] = {}
        self.recalled: list[str] = []

    async def recall(self, key: Any) -> Any | None:
        if key not in self.rows:
            return None
        self.recalled.append(key.stage)
        return json.loads(self.rows[key])

    async def finish(self, key: Any, result: Any) -> None:
        assert key not in self.rows, f"{key.stage} was done twice"
        self.rows[key] = json.dumps(result)


def context(**changes: Any) -> CampaignContext:
    fields: dict[str, Any] = {
        "models": {"researcher": scripted(FIRST_SENTENCE), "writer": scripted(GOOD_EMAIL)},
        "brief": BRIEF,
        "search": FixedSearch(found(page())),
        "now": lambda: NOW,
    }
    return CampaignContext(**{**fields, **changes})

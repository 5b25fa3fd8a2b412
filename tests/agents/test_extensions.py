"""A search, a fetcher and a checkpointer of one's own, written with the public names alone, work in the graph."""

from __future__ import annotations

from typing import ClassVar

import pytest
from langgraph.checkpoint.memory import InMemorySaver

from miniatures import (
    CampaignContext,
    FetchOutcome,
    FetchStatus,
    Page,
    PageFetcher,
    SearchHit,
    SearchOutcome,
    SearchProvider,
    SearchQuery,
    build_prospect_graph,
    state_serializer,
)
from miniatures.datamodel.hashing import text_hash
from tests.agents.scene import FIRST_SENTENCE, GOOD_EMAIL, PAGE_TEXT, scripted
from tests.checks.cases import BRIEF, NOW, PROSPECT

NEWS = "https://nordfrost.example/news"


class Notes:
    """Searches what somebody has typed."""

    name, identity = "notes", "notes:2026-06"

    async def search(self, query: SearchQuery, limit: int) -> SearchOutcome:
        pages = [Page.of(NEWS, PAGE_TEXT, title="News")]
        return SearchOutcome.of(*pages[:limit])


class Index:
    """Knows addresses only."""

    name, identity = "index", "index:1"

    async def search(self, query: SearchQuery, limit: int) -> SearchOutcome:
        return SearchOutcome.of(SearchHit(url=NEWS), SearchHit(url="https://nordfrost.example/gone"))


class Archive:
    """Fetches from what was kept."""

    identity: ClassVar = {"archive": 1}

    async def fetch(self, url: str) -> FetchOutcome:
        if url != NEWS:
            return FetchOutcome(status=FetchStatus.NOT_FOUND, url=url)
        return FetchOutcome.of(Page.of(url, PAGE_TEXT, title="News"))


@pytest.mark.parametrize(("search", "fetcher"), [(Notes(), None), (Index(), Archive())])
async def test_own_tools_serve_the_graph(search: SearchProvider, fetcher: PageFetcher | None) -> None:
    context = CampaignContext(
        models={"researcher": scripted(FIRST_SENTENCE), "writer": scripted(GOOD_EMAIL)},
        brief=BRIEF,
        search=search,
        fetcher=fetcher,
        now=lambda: NOW,
    )
    graph = build_prospect_graph().compile(checkpointer=InMemorySaver(serde=state_serializer()))
    thread = {"configurable": {"thread_id": "one"}}
    state = await graph.ainvoke({"prospect": PROSPECT}, thread, context=context)
    (fact,) = state["dossier"].facts
    assert (fact.url, fact.text_hash) == (NEWS, text_hash(PAGE_TEXT))
    assert (await graph.aget_state(thread)).values["draft"] == state["draft"]
    assert (context.policy.search, context.policy.fetch) == (search.identity, dict(fetcher.identity) if fetcher else {})


def test_nothing_is_an_answer() -> None:
    assert SearchOutcome.of().status.value == "empty"

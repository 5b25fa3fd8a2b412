"""A node of one's own between ours: it runs once, in the place of the direct edge, and the ledger still serves."""

from __future__ import annotations

from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph
from langgraph.types import Command, interrupt
from pydantic import BaseModel

from miniatures import ProspectState, build_prospect_graph, state_serializer
from miniatures.agents.tools.search.base import SearchOutcome, SearchStatus
from miniatures.datamodel.draft import DraftStatus
from tests.agents.scene import (
    BAD_EMAIL,
    FIRST_SENTENCE,
    GOOD_EMAIL,
    FixedSearch,
    MemoryLedger,
    context,
    found,
    page,
    scripted,
)
from tests.checks.cases import PROSPECT


def models(*emails: str) -> dict[str, Any]:
    return {"researcher": scripted(FIRST_SENTENCE), "writer": scripted(*emails)}


def graph_with(node: Any) -> Any:
    graph = build_prospect_graph(when_found="own")
    graph.add_node("own", node)
    graph.add_edge("own", "write")
    return graph


def order_of(updates: list[dict[str, Any]]) -> list[str]:
    return [name for update in updates for name in update]


async def test_it_runs_once_between_select_and_write() -> None:
    seen: list[str] = []

    def own(state: ProspectState) -> dict[str, Any]:
        assert "draft" not in state
        seen.append(state["dossier"].facts[0].quote)
        return {}

    graph, given = graph_with(own).compile(), context(models=models(BAD_EMAIL, GOOD_EMAIL))
    updates = [update async for update in graph.astream({"prospect": PROSPECT}, context=given, stream_mode="updates")]
    assert order_of(updates) == ["gather", "select", "own", "write", "verify", "write", "verify"]
    assert len(seen) == 1


def test_the_direct_edge_is_gone() -> None:
    edges = graph_with(lambda state: {}).compile().get_graph().edges
    assert {edge.target for edge in edges if edge.source == "select"} == {"gather", "own", END}


async def test_it_does_not_run_where_nothing_was_found() -> None:
    def own(state: ProspectState) -> dict[str, Any]:
        raise AssertionError("there is nothing to approve")

    given = context(search=FixedSearch(SearchOutcome(status=SearchStatus.EMPTY)))
    assert "draft" not in await graph_with(own).compile().ainvoke({"prospect": PROSPECT}, context=given)


async def test_what_it_changes_is_written_from_and_unchanged_stages_are_recalled() -> None:
    def retell(state: ProspectState) -> dict[str, Any]:
        dossier = state["dossier"]
        facts = tuple(fact.model_copy(update={"angle": "They will need cold storage."}) for fact in dossier.facts)
        return {"dossier": dossier.model_copy(update={"facts": facts})}

    ledger, graph = MemoryLedger(), graph_with(retell).compile()
    await build_prospect_graph().compile().ainvoke({"prospect": PROSPECT}, context=context(ledger=ledger))
    for _ in range(2):
        state = await graph.ainvoke({"prospect": PROSPECT}, context=context(ledger=ledger))
        assert state["draft"].evidence[0].angle == "They will need cold storage."
    assert ledger.recalled == ["gather", "select", "gather", "select", "write"]


async def test_a_person_may_be_asked_there_and_the_graph_goes_on_where_it_was() -> None:
    def approve(state: ProspectState) -> dict[str, Any]:
        kept = interrupt([fact.quote for fact in state["dossier"].facts])
        facts = tuple(fact for fact in state["dossier"].facts if fact.quote in kept)
        return {"dossier": state["dossier"].model_copy(update={"facts": facts})}

    search, asked = FixedSearch(found(page())), models(GOOD_EMAIL)
    given = context(models=asked, search=search)
    graph = graph_with(approve).compile(checkpointer=InMemorySaver(serde=state_serializer()))
    thread = {"configurable": {"thread_id": "1"}}
    waiting = await graph.ainvoke({"prospect": PROSPECT}, thread, context=given)
    searches = len(search.queries)
    assert not asked["writer"].calls
    state = await graph.ainvoke(Command(resume=waiting["__interrupt__"][0].value), thread, context=given)
    assert state["draft"].status is DraftStatus.READY
    assert (len(search.queries), len(asked["researcher"].calls)) == (searches, 1)


def test_a_node_that_was_named_and_not_added_is_told_when_the_graph_is_compiled() -> None:
    with pytest.raises(ValueError, match="approve"):
        build_prospect_graph(when_found="approve").compile()


class Note(BaseModel):
    """What a node of one's own leaves in the state."""

    text: str


class NotedState(ProspectState, total=False):
    note: Note


@pytest.mark.parametrize(("own", "kept"), [((Note,), Note), ((), dict)])
async def test_a_class_of_ones_own_comes_back_from_a_checkpoint_where_it_is_named(
    own: tuple[type, ...], kept: type
) -> None:
    graph: StateGraph[Any, Any, Any, Any] = StateGraph(NotedState)
    graph.add_node("noted", lambda state: {"note": Note(text="approved")})
    graph.add_edge(START, "noted")
    saver = InMemorySaver(serde=state_serializer(*own))
    thread = {"configurable": {"thread_id": "1"}}
    compiled = graph.compile(checkpointer=saver)
    await compiled.ainvoke({"prospect": PROSPECT}, thread)
    values = (await compiled.aget_state(thread)).values
    assert isinstance(values["note"], kept)
    assert values["prospect"] == PROSPECT

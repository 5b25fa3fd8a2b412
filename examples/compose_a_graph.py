"""A graph of your own: research on one backend, a node of yours, writing on another backend."""

import asyncio
from pathlib import Path

from langgraph.graph import StateGraph

from miniatures import (
    CampaignContext,
    FolderSearch,
    Prospect,
    ProspectState,
    build_research_graph,
    build_write_graph,
    load_brief,
    open_backend,
)

EXAMPLE = Path(__file__).parent / "cold_storage"


def keep_two_facts(state: ProspectState) -> ProspectState:
    """A node of your own between ours."""
    dossier = state["dossier"]
    return {"dossier": dossier.model_copy(update={"facts": dossier.facts[:2]})}


async def main() -> None:
    """Research and write one email, and say what the checks think of it."""
    graph = StateGraph(ProspectState, CampaignContext)
    graph.add_node("research", build_research_graph().compile())
    graph.add_node("keep_two_facts", keep_two_facts)
    graph.add_node("write", build_write_graph().compile())
    graph.add_edge("__start__", "research")
    graph.add_edge("research", "keep_two_facts")
    graph.add_edge("keep_two_facts", "write")
    context = CampaignContext(
        models={
            "writer": open_backend("llamacpp:smollm2-135m-instruct"),
        },
        search=FolderSearch(EXAMPLE / "sites"),
        brief=load_brief(EXAMPLE / "brief.md"),
    )
    prospect = Prospect(
        email="solveig.asen@nordvik-frost.example",
        first_name="Solveig",
        last_name="Åsen",
        company="Nordvik Frost AS",
        website="http://nordvik-frost.example/",
    )
    state = await graph.compile().ainvoke({"prospect": prospect}, context=context)
    draft = state["draft"]
    print(draft.subject, draft.body, sep="\n")
    for check in draft.failed_checks:
        print(f"- {check.name}: {check.reason}")


if __name__ == "__main__":
    asyncio.run(main())

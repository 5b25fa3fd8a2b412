"""A graph of your own: a node of yours between research and writing, on the miniature that ships.

From a fresh checkout:

    make install
    .venv/bin/python examples/compose_a_graph.py
"""

import asyncio
from pathlib import Path
from typing import Any

from miniatures import (
    CampaignContext,
    FolderSearch,
    Prospect,
    ProspectState,
    build_prospect_graph,
    load_brief,
    open_backend,
)

EXAMPLE = Path(__file__).parent / "cold_storage"


def keep_own_words(state: ProspectState) -> dict[str, Any]:
    """A node of your own: write only of what the company says of itself, where it says anything of itself."""
    dossier = state["dossier"]
    own = tuple(fact for fact in dossier.facts if {"we", "our", "us"} & set(fact.quote.lower().split()))
    return {"dossier": dossier.model_copy(update={"facts": own or dossier.facts})}


async def main() -> None:
    """Research and write one email, and say what it stands on and what the checks think of it."""
    graph = build_prospect_graph(when_found="keep_own_words")
    graph.add_node("keep_own_words", keep_own_words)
    graph.add_edge("keep_own_words", "write")

    miniature = open_backend("miniature:outreach@live")
    context = CampaignContext(
        models={"researcher": miniature, "writer": miniature},
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
    print(draft.subject, draft.body, sep="\n\n")
    print("\nFrom:", *(f"- {fact.quote} ({fact.url})" for fact in draft.evidence), sep="\n")
    for check in draft.failed_checks:
        print(f"- {check.name}: {check.reason}")


if __name__ == "__main__":
    asyncio.run(main())

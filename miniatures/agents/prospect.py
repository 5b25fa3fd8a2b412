"""The prospect graph: research, and where evidence was found, write. One flat graph of the same nodes as its parts.

The nodes are not nested as subgraphs because each subgraph costs an inner run for every prospect. Where a node of
one's own is to stand between them, the edge that leads there is named instead of the next node of ours.
"""

from __future__ import annotations

from typing import Any, Literal

from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime

from miniatures.agents.context import CampaignContext
from miniatures.agents.research import after_select, gather, select
from miniatures.agents.state import ProspectInput, ProspectOutput, ProspectState
from miniatures.agents.write import after_verify, verify, write
from miniatures.datamodel.dossier import DossierStatus


def build_prospect_graph(
    *, when_found: str = "write", when_written: str = END
) -> StateGraph[Any, CampaignContext, Any, Any]:
    """Prospect in; dossier out and, if it holds evidence, a draft; uncompiled.

    Args:
        when_found: the node that `select` leads to where evidence was found. Another than `write` is yours to add, with
            an edge from it to `write`.
        when_written: the node that `verify` leads to where the draft stands, such as one in which a person reviews it.
    """
    graph: StateGraph[Any, CampaignContext, Any, Any] = StateGraph(
        ProspectState, CampaignContext, input_schema=ProspectInput, output_schema=ProspectOutput
    )
    for name, node in {"gather": gather, "select": select, "write": write, "verify": verify}.items():
        graph.add_node(name, node)
    graph.add_edge(START, "gather")
    graph.add_edge("gather", "select")
    graph.add_conditional_edges("select", after_research, {"gather": "gather", "write": when_found, "done": END})
    graph.add_edge("write", "verify")
    graph.add_conditional_edges("verify", after_verify, {"write": "write", "done": when_written, "declined": END})
    return graph


async def after_research(state: ProspectState, runtime: Runtime[CampaignContext]) -> Literal["gather", "write", "done"]:
    """Write only where there is evidence: otherwise the dossier's status says why there is no draft."""
    if await after_select(state, runtime) == "gather":
        return "gather"
    return "write" if state["dossier"].status is DossierStatus.FOUND else "done"

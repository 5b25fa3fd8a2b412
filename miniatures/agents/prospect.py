"""The prospect graph: research, and where evidence was found, write. One flat graph of the same nodes as its parts.

The nodes are not nested as subgraphs because each subgraph costs an inner run for every prospect.
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


def build_prospect_graph() -> StateGraph[Any, CampaignContext, Any, Any]:
    """Prospect in; dossier out and, if it holds evidence, a draft; uncompiled."""
    graph: StateGraph[Any, CampaignContext, Any, Any] = StateGraph(
        ProspectState, CampaignContext, input_schema=ProspectInput, output_schema=ProspectOutput
    )
    for name, node in {"gather": gather, "select": select, "write": write, "verify": verify}.items():
        graph.add_node(name, node)
    graph.add_edge(START, "gather")
    graph.add_edge("gather", "select")
    graph.add_conditional_edges("select", after_research, {"gather": "gather", "write": "write", "done": END})
    graph.add_edge("write", "verify")
    graph.add_conditional_edges("verify", after_verify, {"write": "write", "done": END})
    return graph


async def after_research(state: ProspectState, runtime: Runtime[CampaignContext]) -> Literal["gather", "write", "done"]:
    """Write only where there is evidence: otherwise the dossier's status says why there is no draft."""
    if await after_select(state, runtime) == "gather":
        return "gather"
    return "write" if state["dossier"].status is DossierStatus.FOUND else "done"

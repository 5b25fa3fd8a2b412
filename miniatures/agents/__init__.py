"""LangGraph agents: research a prospect, write the email, verify it; and the campaign that runs them.

The names below are loaded when they are first asked for, so that the command line starts without LangGraph.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from miniatures.agents.checkpoints import state_serializer
    from miniatures.agents.context import CampaignContext
    from miniatures.agents.prospect import build_prospect_graph
    from miniatures.agents.research import build_research_graph
    from miniatures.agents.verify import build_verify_graph
    from miniatures.agents.write import build_write_graph

_HOMES = {
    "CampaignContext": "context",
    "build_prospect_graph": "prospect",
    "build_research_graph": "research",
    "build_verify_graph": "verify",
    "build_write_graph": "write",
    "state_serializer": "checkpoints",
}

__all__ = [
    "CampaignContext",
    "build_prospect_graph",
    "build_research_graph",
    "build_verify_graph",
    "build_write_graph",
    "state_serializer",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

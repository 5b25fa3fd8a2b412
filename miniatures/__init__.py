"""Trained Miniatures: agents that research and write outreach, on a teacher or a small model trained on it.

The names below are the public ones; each is loaded when it is first asked for, so that importing this package is cheap.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from miniatures.agents.context import CampaignContext
    from miniatures.agents.prospect import build_prospect_graph
    from miniatures.agents.research import build_research_graph
    from miniatures.agents.runs import run_campaign
    from miniatures.agents.state import ProspectState
    from miniatures.agents.tools.fetch.http import HttpFetcher
    from miniatures.agents.tools.search.folder import FolderSearch
    from miniatures.agents.verify import build_verify_graph
    from miniatures.agents.write import build_write_graph
    from miniatures.backends.spec import open_backend
    from miniatures.datamodel.brief import Brief
    from miniatures.datamodel.prospect import Prospect
    from miniatures.inputs.brief import load_brief
    from miniatures.inputs.campaign import load_campaign
    from miniatures.prompts.library import PromptLibrary
    from miniatures.review.node import human_review
    from miniatures.store.open import open_store

__version__ = "0.1.0"

_HOMES = {
    "Brief": "datamodel.brief",
    "CampaignContext": "agents.context",
    "FolderSearch": "agents.tools.search.folder",
    "HttpFetcher": "agents.tools.fetch.http",
    "PromptLibrary": "prompts.library",
    "Prospect": "datamodel.prospect",
    "ProspectState": "agents.state",
    "build_prospect_graph": "agents.prospect",
    "build_research_graph": "agents.research",
    "build_verify_graph": "agents.verify",
    "build_write_graph": "agents.write",
    "human_review": "review.node",
    "load_brief": "inputs.brief",
    "load_campaign": "inputs.campaign",
    "open_backend": "backends.spec",
    "open_store": "store.open",
    "run_campaign": "agents.runs",
}

__all__ = [
    "Brief",
    "CampaignContext",
    "FolderSearch",
    "HttpFetcher",
    "PromptLibrary",
    "Prospect",
    "ProspectState",
    "build_prospect_graph",
    "build_research_graph",
    "build_verify_graph",
    "build_write_graph",
    "human_review",
    "load_brief",
    "load_campaign",
    "open_backend",
    "open_store",
    "run_campaign",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

"""Trained Miniatures: agents that research and write outreach, on a teacher or a small model trained on it.

The names below are the public ones; each is loaded when it is first asked for, so that importing this package is cheap.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from miniatures.agents.checkpoints import state_serializer as state_serializer
    from miniatures.agents.context import CampaignContext as CampaignContext
    from miniatures.agents.prospect import build_prospect_graph as build_prospect_graph
    from miniatures.agents.research import build_research_graph as build_research_graph
    from miniatures.agents.roles.role import Role as Role
    from miniatures.agents.runs import run_campaign as run_campaign
    from miniatures.agents.seats import Seats as Seats
    from miniatures.agents.state import ProspectState as ProspectState
    from miniatures.agents.tools.fetch.http import HttpFetcher as HttpFetcher
    from miniatures.agents.tools.fetching import FetchOutcome as FetchOutcome
    from miniatures.agents.tools.fetching import FetchStatus as FetchStatus
    from miniatures.agents.tools.fetching import PageFetcher as PageFetcher
    from miniatures.agents.tools.search.base import SearchHit as SearchHit
    from miniatures.agents.tools.search.base import SearchOutcome as SearchOutcome
    from miniatures.agents.tools.search.base import SearchProvider as SearchProvider
    from miniatures.agents.tools.search.base import SearchQuery as SearchQuery
    from miniatures.agents.tools.search.base import SearchStatus as SearchStatus
    from miniatures.agents.tools.search.folder import FolderSearch as FolderSearch
    from miniatures.agents.verify import build_verify_graph as build_verify_graph
    from miniatures.agents.write import build_write_graph as build_write_graph
    from miniatures.backends.spec import open_backend as open_backend
    from miniatures.backends.wrappers.wrap import dress as dress
    from miniatures.datamodel.brief import Brief as Brief
    from miniatures.datamodel.campaign import BackendSettings as BackendSettings
    from miniatures.datamodel.evidence import Page as Page
    from miniatures.datamodel.prospect import Prospect as Prospect
    from miniatures.datamodel.review import Review as Review
    from miniatures.datamodel.review import ReviewAnswer as ReviewAnswer
    from miniatures.inputs.brief import load_brief as load_brief
    from miniatures.inputs.campaign import load_campaign as load_campaign
    from miniatures.prompts.library import PromptLibrary as PromptLibrary
    from miniatures.review.node import after_review as after_review
    from miniatures.review.node import human_review as human_review
    from miniatures.store.open import open_store as open_store
    from miniatures.store.tracing import Scope as Scope
    from miniatures.store.tracing import enter_scope as enter_scope

__version__ = "0.1.0"

_HOMES = {
    "agents.checkpoints": "state_serializer",
    "agents.context": "CampaignContext",
    "agents.prospect": "build_prospect_graph",
    "agents.research": "build_research_graph",
    "agents.roles.role": "Role",
    "agents.runs": "run_campaign",
    "agents.seats": "Seats",
    "agents.state": "ProspectState",
    "agents.tools.fetch.http": "HttpFetcher",
    "agents.tools.fetching": "FetchOutcome FetchStatus PageFetcher",
    "agents.tools.search.base": "SearchHit SearchOutcome SearchProvider SearchQuery SearchStatus",
    "agents.tools.search.folder": "FolderSearch",
    "agents.verify": "build_verify_graph",
    "agents.write": "build_write_graph",
    "backends.spec": "open_backend",
    "backends.wrappers.wrap": "dress",
    "datamodel.brief": "Brief",
    "datamodel.campaign": "BackendSettings",
    "datamodel.evidence": "Page",
    "datamodel.prospect": "Prospect",
    "datamodel.review": "Review ReviewAnswer",
    "inputs.brief": "load_brief",
    "inputs.campaign": "load_campaign",
    "prompts.library": "PromptLibrary",
    "review.node": "after_review human_review",
    "store.open": "open_store",
    "store.tracing": "Scope enter_scope",
}
_PUBLIC = {name: home for home, names in _HOMES.items() for name in names.split()}
__all__ = list(_PUBLIC)


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        return getattr(import_module(f"{__name__}.{_PUBLIC[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_PUBLIC})

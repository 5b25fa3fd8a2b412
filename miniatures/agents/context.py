"""What a graph is run with: everything that is chosen per run and never kept in the state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from langchain_core.language_models import BaseChatModel

from miniatures.agents.researcher import ROLE as RESEARCHER
from miniatures.agents.researcher import require_kinds
from miniatures.agents.tools.fetching import PageFetcher
from miniatures.agents.tools.search.base import SearchProvider
from miniatures.backends.ask import profile_of
from miniatures.datamodel.brief import Brief
from miniatures.datamodel.campaign import ResearchSettings, WritingSettings
from miniatures.datamodel.errors import InputError
from miniatures.datamodel.evidence import Evidence
from miniatures.prompts.library import PromptLibrary
from miniatures.store.ledger import Ledger


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class CampaignContext:
    """The runtime context of every graph.

    `models` maps a role (researcher, writer, verifier, planner, fallback) to a chat model; roles that a graph can do
    without may be absent. `foils` are other companies' quotes for the swap test; the bundled ones serve if empty.
    """

    models: Mapping[str, BaseChatModel]
    brief: Brief
    search: SearchProvider | None = None
    fetcher: PageFetcher | None = None
    prompts: PromptLibrary = field(default_factory=PromptLibrary)
    research: ResearchSettings = field(default_factory=ResearchSettings)
    write: WritingSettings = field(default_factory=WritingSettings)
    ledger: Ledger | None = None
    foils: tuple[Evidence, ...] = ()
    now: Callable[[], datetime] = _now

    def __post_init__(self) -> None:
        """Refuse a small researcher whose brief it could not serve.

        Raises:
            InputError: the brief does not name the kinds of news that such a researcher goes by.
        """
        if RESEARCHER in self.models:
            require_kinds(profile_of(self.models[RESEARCHER]), self.brief)

    def model(self, role: str) -> BaseChatModel:
        """The chat model of a role.

        Raises:
            InputError: no model was given for the role.
        """
        if role not in self.models:
            raise InputError(
                f"no model plays the role {role!r}", hint=f"Give CampaignContext(models={{{role!r}: ...}})."
            )
        return self.models[role]

"""What a graph is run with: everything that is chosen per run and never kept in the state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from langchain_core.language_models import BaseChatModel
from langgraph.runtime import Runtime

from miniatures.agents.languages import require_languages
from miniatures.agents.own_tools import require_fetcher, require_search
from miniatures.agents.research_answer import require_kinds
from miniatures.agents.roles.assessor import ASSESSOR
from miniatures.agents.roles.researcher import RESEARCHER
from miniatures.agents.roles.role import role_named
from miniatures.agents.roles.verifier import VERIFIER
from miniatures.agents.roles.writer import WRITER
from miniatures.agents.seats import Seats, require_models
from miniatures.agents.tools.fetching import PageFetcher
from miniatures.agents.tools.search.base import SearchProvider
from miniatures.backends.ask import capabilities_of, identity_of
from miniatures.backends.base import Backend
from miniatures.checks import checks_version
from miniatures.datamodel.brief import Brief
from miniatures.datamodel.campaign import ResearchSettings, WritingSettings
from miniatures.datamodel.capabilities import Capabilities, Phrases, Questions
from miniatures.datamodel.errors import InputError
from miniatures.datamodel.evidence import Quote
from miniatures.datamodel.policy import Policy, SeatPolicy
from miniatures.datamodel.seat import Seat
from miniatures.prompts.library import PromptLibrary
from miniatures.store.ledger import Ledger


def utc_now() -> datetime:
    """The time by the system's clock."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class CampaignContext:
    """The runtime context of every graph.

    `models` maps a role (researcher, assessor, writer, verifier, planner, or one of your own) to a chat model, or to
    `Seats` where a second one falls back or answers beside; roles that a graph can do without may be absent. `foils`
    are other companies' quotes for the swap test; the bundled ones serve if empty. `sure_bound` is how sure of the
    reason to write a ready draft must be (`risk_bound` calibrates it); null asks for nothing.
    """

    models: Mapping[str, BaseChatModel | Seats]
    brief: Brief
    search: SearchProvider | None = None
    fetcher: PageFetcher | None = None
    prompts: PromptLibrary = field(default_factory=PromptLibrary)
    research: ResearchSettings = field(default_factory=ResearchSettings)
    write: WritingSettings = field(default_factory=WritingSettings)
    ledger: Ledger | None = None
    foils: tuple[Quote, ...] = ()
    sure_bound: float | None = None
    now: Callable[[], datetime] = utc_now

    def __post_init__(self) -> None:
        """Refuse what could not serve, and read the policy, whose files no node is to wait for.

        Raises:
            InputError: a field holds something of another kind, the brief does not name the kinds of news that such a
                researcher goes by, or is in a language that such a writer was not taught, no role has that name, or an
                assessor has nothing to weigh.
        """
        self._require_kinds_of_fields()
        if RESEARCHER.name in self.models:
            require_kinds(capabilities_of(self.model(RESEARCHER.name)), self.brief, self.prompts)
        if ASSESSOR.name in self.models:
            self._require_reader()
        if VERIFIER.name in self.models:
            self._require_teller()
        for seat in (Seat.FIRST, Seat.FALLBACK):
            writer = self.seat(WRITER.name, seat)
            if writer is not None:
                require_languages(capabilities_of(writer), self.brief)
        _ = self.policy

    def _require_kinds_of_fields(self) -> None:
        require_models(self.models)
        brief: Any = self.brief
        if not isinstance(brief, Brief):
            raise InputError(
                f"brief is a {type(brief).__name__}, no Brief", hint="Give load_brief(PATH), or Brief(...)."
            )
        if self.search is not None:
            require_search(self.search)
        if self.fetcher is not None:
            require_fetcher(self.fetcher)

    def _require_reader(self) -> None:
        """The assessor weighs reasons, and a researcher of lists gives facts."""
        reader = self.capabilities(RESEARCHER.name)
        if reader is None or reader.questions is not Questions.PASSAGE:
            raise InputError(
                "the assessor weighs the reasons that a researcher of sentences in their pages finds, and the campaign "
                f"has {'no researcher' if reader is None else 'another researcher'}",
                hint="Name one, such as miniature:reader@live, or take the assessor out.",
            )

    def _require_teller(self) -> None:
        """A verifier of statements reads what a writer says of the news in its own sentences, and no other email.

        Raises:
            InputError: the writer is another.
        """
        verifier, writer = self.capabilities(VERIFIER.name), self.capabilities(WRITER.name)
        if verifier is None or verifier.questions is not Questions.PASSAGE:
            return
        if writer is None or writer.phrases is not Phrases.OPENING:
            raise InputError(
                "this verifier reads the sentences in which a writer tells the news, and the campaign "
                f"has {'no writer' if writer is None else 'a writer that phrases whole emails'}",
                hint="Name a writer that is trusted with `phrases: opening`, or take the verifier out.",
            )

    def seats(self, role: str) -> Seats | None:
        """Who sits behind a role; None where nobody does."""
        given = self.models.get(role)
        return Seats(given) if isinstance(given, BaseChatModel) else given

    def seat(self, role: str, seat: Seat) -> BaseChatModel | None:
        """The chat model in one seat, if there is one."""
        seats = self.seats(role)
        return None if seats is None else getattr(seats, seat.value)

    def capabilities(self, role: str) -> Capabilities | None:
        """How the role's first model may be asked, if there is one."""
        model = self.seat(role, Seat.FIRST)
        return None if model is None else capabilities_of(model)

    def model(self, role: str, seat: Seat = Seat.FIRST) -> BaseChatModel:
        """The chat model in a role's seat.

        Raises:
            InputError: nobody sits there.
        """
        model = self.seat(role, seat)
        if model is None:
            raise InputError(
                f"no model plays the role {role!r}", hint=f"Give CampaignContext(models={{{role!r}: ...}})."
            )
        return model

    @cached_property
    def policy(self) -> Policy:
        """All of it that changes an answer."""
        seats = {role: self.seats(role) for role in sorted(self.models)}
        return Policy(
            brief=self.brief,
            seats={
                role: {seat: seat_policy(role, model, self.prompts) for seat, model in behind.taken()}
                for role, behind in seats.items()
                if behind is not None
            },
            research=self.research,
            write=self.write,
            search=None if self.search is None else self.search.identity,
            fetch={} if self.fetcher is None else dict(self.fetcher.identity),
            taxonomy=self.prompts.taxonomy.hash,
            checks=checks_version(),
            sure_bound=self.sure_bound,
        )


def context_of(runtime: Runtime[CampaignContext]) -> CampaignContext:
    """The context of the run that a node is part of.

    Raises:
        InputError: the graph was run without one, or with something else.
    """
    context: Any = runtime.context
    if not isinstance(context, CampaignContext):
        found = "no context" if context is None else f"a {type(context).__name__} as its context"
        raise InputError(
            f"the graph was run with {found}", hint="Give one: graph.ainvoke(..., context=CampaignContext(...))."
        )
    return context


def seat_policy(role: str, model: BaseChatModel, prompts: PromptLibrary) -> SeatPolicy:
    """What decides the answers of one model in one role."""
    capabilities = capabilities_of(model)
    return SeatPolicy(
        backend=identity_of(model),
        capabilities=capabilities,
        sampling=model.sampling if isinstance(model, Backend) else {},
        prompts={role: role_named(role).version(prompts, capabilities)},
    )

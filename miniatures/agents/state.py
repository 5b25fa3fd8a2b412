"""What the graphs carry from node to node: `prospect`, `dossier` and `draft` are results, the rest is working state."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict  # that of typing has no JSON schema before Python 3.12

from miniatures.agents.passages import Passage
from miniatures.agents.tools.search.base import SearchStatus
from miniatures.agents.validated import Validated
from miniatures.datamodel.backend import Bill
from miniatures.datamodel.dossier import Dossier, Problem, SetAside
from miniatures.datamodel.draft import Draft, EmailText
from miniatures.datamodel.evidence import Evidence, SourceRef
from miniatures.datamodel.frozen import Frozen
from miniatures.datamodel.prospect import Prospect, Recipient
from miniatures.datamodel.seat import Seat


class RankedSentence(Frozen):
    """A candidate sentence. `page` is its number in `Gathered.pages`, `place` what stands around it, if it was kept."""

    text: str
    page: int
    signal: str
    place: Passage | None = Field(default=None, exclude_if=lambda place: place is None)


class Gathered(Frozen):
    """What one round of searching and fetching brought."""

    queries: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
    searches: tuple[SearchStatus, ...] = ()
    pages: tuple[SourceRef, ...] = Field(default=(), description="Without their text, which would fill the ledger.")
    sentences: tuple[RankedSentence, ...] = ()
    set_aside: tuple[SetAside, ...] = ()
    problems: tuple[Problem, ...] = ()
    seconds: float = Field(default=0.0, description="Of reading pages.")
    bill: Bill = Bill()

    def evidence(self, sentence: RankedSentence, signal: str, trace: str | None = None) -> Evidence:
        """The sentence as evidence for a signal, with the call that chose it."""
        place = {} if sentence.place is None else sentence.place.around
        page = self.pages[sentence.page].model_dump()
        return Evidence(**page, **place, quote=sentence.text, signal=signal, trace=trace)


class Written(Frozen):
    """What one batch of samples gave: an email each, or null and why not, and the calls that wrote them."""

    seat: Seat
    attempt: int = Field(description="From 1; further samples of an attempt are a batch of their own.")
    backend: str
    emails: tuple[EmailText | None, ...]
    errors: tuple[str, ...] = Field(description="Beside each email; empty where there is one.")
    traces: tuple[str | None, ...] = ()
    told: tuple[str | None, ...] = Field(
        default=(),
        description="The one quote that each email tells, null where none is a reason to write; nothing where emails "
        "rest on all.",
    )
    problem: Problem | None = Field(default=None, description="Why nobody could be asked.")
    bill: Bill = Bill(cost_usd=None)

    def with_bill(self, more: Bill) -> Written:
        """The same, when something more was paid for it."""
        return self.model_copy(update={"bill": self.bill + more})

    @property
    def declined(self) -> bool:
        """Whether each answer was that nothing is a reason to write, or to write once more."""
        return bool(self.told) and all(quote is None for quote in self.told)


class ProspectInput(TypedDict):
    """What the research and prospect graphs start from."""

    prospect: Prospect


class DossierInput(TypedDict):
    """What the write graph starts from."""

    prospect: Recipient
    dossier: Dossier


class DraftInput(TypedDict):
    """What the verify graph starts from."""

    prospect: Recipient
    dossier: Dossier
    draft: Draft


class ResearchOutput(TypedDict):
    """What the research graph gives."""

    dossier: Dossier


class DraftOutput(TypedDict):
    """What the write and verify graphs give."""

    draft: Draft


class ProspectOutput(TypedDict, total=False):
    """What the prospect graph gives. Without evidence there is no draft, and the dossier's status says why; `review` is
    the record of what a person said, as JSON, where a node asks one.
    """

    prospect: Prospect
    dossier: Dossier
    draft: Draft
    review: str


class ProspectState(TypedDict, total=False):
    """Everything any of the graphs keeps. A node writes only what it changes; results may be given as JSON."""

    prospect: Annotated[Prospect, Validated]
    dossier: Annotated[Dossier, Validated]
    draft: Annotated[Draft, Validated]
    rounds: tuple[Gathered, ...]
    attempts: tuple[Written, ...]
    review: str

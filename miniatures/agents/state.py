"""What the graphs carry from node to node: `prospect`, `dossier` and `draft` are results, the rest is working state."""

from __future__ import annotations

from datetime import datetime
from typing import TypedDict

from pydantic import BaseModel, ConfigDict, Field

from miniatures.agents.tools.search.base import SearchStatus
from miniatures.datamodel.backend import Usage
from miniatures.datamodel.dossier import Dossier, Problem, SetAside
from miniatures.datamodel.draft import Draft, EmailText
from miniatures.datamodel.evidence import Evidence
from miniatures.datamodel.prospect import Prospect


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class PageReference(_Frozen):
    """A page without its text: the text is not needed again, and would fill the ledger."""

    url: str
    title: str
    text_hash: str
    published: datetime | None
    fetched_at: datetime


class RankedSentence(_Frozen):
    """A candidate sentence; `page` is its place in `Gathered.pages`."""

    text: str
    page: int
    signal: str


class Gathered(_Frozen):
    """What one round of searching and fetching brought."""

    queries: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
    searches: tuple[SearchStatus, ...] = ()
    pages: tuple[PageReference, ...] = ()
    sentences: tuple[RankedSentence, ...] = ()
    set_aside: tuple[SetAside, ...] = ()
    problems: tuple[Problem, ...] = ()
    usage: Usage = Usage()
    cost_usd: float | None = 0.0

    def evidence(self, sentence: RankedSentence, signal: str) -> Evidence:
        """The sentence as evidence for a signal."""
        page = self.pages[sentence.page]
        return Evidence(
            quote=sentence.text,
            url=page.url,
            title=page.title,
            text_hash=page.text_hash,
            published=page.published,
            fetched_at=page.fetched_at,
            signal=signal,
        )


class Written(_Frozen):
    """What one attempt at writing gave: an email per sample, or null and why not."""

    role: str
    backend: str
    emails: tuple[EmailText | None, ...]
    errors: tuple[str, ...] = Field(description="Beside each email; empty where there is one.")
    usage: Usage = Usage()
    cost_usd: float | None = None


class ProspectInput(TypedDict):
    """What the research and prospect graphs start from."""

    prospect: Prospect


class DossierInput(TypedDict):
    """What the write graph starts from."""

    prospect: Prospect
    dossier: Dossier


class DraftInput(TypedDict):
    """What the verify graph starts from."""

    prospect: Prospect
    dossier: Dossier
    draft: Draft


class ResearchOutput(TypedDict):
    """What the research graph gives."""

    dossier: Dossier


class DraftOutput(TypedDict):
    """What the write and verify graphs give."""

    draft: Draft


class ProspectOutput(TypedDict, total=False):
    """What the prospect graph gives. Without evidence there is no draft, and the dossier's status says why."""

    prospect: Prospect
    dossier: Dossier
    draft: Draft


class ProspectState(TypedDict, total=False):
    """Everything any of the graphs keeps. A node writes only what it changes."""

    prospect: Prospect
    dossier: Dossier
    draft: Draft
    rounds: tuple[Gathered, ...]
    attempts: tuple[Written, ...]
    review: str

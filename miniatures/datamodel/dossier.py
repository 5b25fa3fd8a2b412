"""What research knows about one prospect, and what it could not find out and why."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from miniatures.datamodel.backend import Bill
from miniatures.datamodel.evidence import Evidence, Quote
from miniatures.datamodel.frozen import Frozen


class DossierStatus(StrEnum):
    """Three different ways of having nothing, and one of having something."""

    FOUND = "found"
    NOTHING_FOUND = "nothing_found"
    BLOCKED = "blocked"
    FAILED = "failed"


class SetAsideReason(StrEnum):
    """Why a quote that was found is not used."""

    STALE = "stale"
    OTHER_COMPANY = "other_company"


class SetAside(Frozen):
    """Evidence that was found and is not used."""

    evidence: Evidence
    reason: SetAsideReason
    detail: str = ""


class Problem(Frozen):
    """A search or a page that gave nothing because something went wrong; never folded into 'nothing found'."""

    where: str = Field(description="The query or the URL.")
    kind: str = Field(description="Closed word from the search or fetch outcome, such as blocked or timed_out.")
    detail: str = ""


class Dossier(Frozen):
    """The facts about one prospect, each with its evidence."""

    status: DossierStatus
    facts: tuple[Evidence | Quote, ...] = ()
    set_aside: tuple[SetAside, ...] = ()
    problems: tuple[Problem, ...] = ()
    candidates: int = Field(default=0, description="Sentences that the researcher chose from.")
    bill: Bill = Field(default=Bill(), description="Of the planner and the researcher.")

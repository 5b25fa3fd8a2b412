"""The planner: search queries for the signals that are still looked for."""

from __future__ import annotations

from pydantic import BaseModel

from miniatures.agents.as_data import as_data
from miniatures.agents.roles.role import Role, Variables
from miniatures.agents.roles.shared import SignalLine, recipient_line, signal_lines
from miniatures.datamodel.brief import Brief
from miniatures.datamodel.prospect import Prospect, Recipient


class PlannedQuery(BaseModel):
    """One search query."""

    signal: str
    query: str


class Plan(BaseModel):
    """The planner's answer."""

    queries: list[PlannedQuery]


class CompanyLine(Recipient):
    """Whose pages are looked for."""

    website: str = ""


class PlannerVariables(Variables):
    """What the planner is told."""

    prospect: CompanyLine
    signals: tuple[SignalLine, ...]
    asked: tuple[str, ...] = ()

    @classmethod
    def of(cls, brief: Brief, prospect: Prospect, signals: list[str], asked: tuple[str, ...]) -> PlannerVariables:
        """What a campaign tells it about one prospect; `signals` by name."""
        who = CompanyLine(**recipient_line(prospect).model_dump(), website=as_data(prospect.website))
        return cls(prospect=who, signals=signal_lines(brief, signals), asked=asked)

    @property
    def told_company(self) -> str:
        return self.prospect.company


class Planner(Role[PlannerVariables, Plan]):
    """Plans the queries of one round."""

    name = "planner"
    variables = PlannerVariables
    answer = Plan


PLANNER = Planner()

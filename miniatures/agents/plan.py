"""Decides what to search for: a template per signal, or the queries of a planner backend if one is named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from miniatures.agents.context import CampaignContext
from miniatures.agents.roles.planner import PLANNER, PlannerVariables
from miniatures.agents.shadowed import ask_seat
from miniatures.agents.tools.search.base import SearchQuery
from miniatures.datamodel.backend import Bill
from miniatures.datamodel.brief import Signal
from miniatures.datamodel.dossier import Problem
from miniatures.datamodel.prospect import Prospect, one_line

_LONGEST_QUERY = 200


@dataclass(frozen=True)
class QueryPlan:
    """The queries of one round, what planning cost, and what went wrong with it."""

    queries: tuple[SearchQuery, ...]
    problems: tuple[Problem, ...] = ()
    bill: Bill = field(default_factory=Bill)


async def plan_queries(
    context: CampaignContext, prospect: Prospect, signals: Sequence[Signal], asked: Sequence[str]
) -> QueryPlan:
    """One query for each signal that is still looked for, none of them asked before."""
    if PLANNER.name not in context.models:
        return QueryPlan(template_queries(prospect, signals, asked))
    return await _ask_planner(context, prospect, signals, asked)


def template_queries(prospect: Prospect, signals: Sequence[Signal], asked: Sequence[str]) -> tuple[SearchQuery, ...]:
    """For each signal the first of its phrasings that was not asked: its own, then its description, then its name."""
    chosen = []
    for signal in signals:
        phrasings = (
            signal.query_for(prospect.company),
            f"{prospect.company} {signal.describes}",
            f"{prospect.company} {signal.name.replace('_', ' ')} news",
        )
        text = next((one for one in phrasings if one not in asked), None)
        if text is not None:
            chosen.append(_query(prospect, text, signal.name))
    return tuple(chosen)


async def _ask_planner(
    context: CampaignContext, prospect: Prospect, signals: Sequence[Signal], asked: Sequence[str]
) -> QueryPlan:
    names = [signal.name for signal in signals]
    variables = PlannerVariables.of(context.brief, prospect, names, tuple(asked))
    answer = await ask_seat(
        context,
        PLANNER.name,
        lambda model, seat: PLANNER.ask(model, context.prompts, variables, node="gather", seat=seat),
    )
    planned = tuple(
        _query(prospect, text, item.signal)
        for item in (answer.value.queries if answer.value else [])
        if item.signal in names and (text := one_line(item.query)[:_LONGEST_QUERY]) and text not in asked
    )
    if planned:
        return QueryPlan(planned, bill=answer.bill)
    detail = f"{answer.error or 'no usable query in the answer'}; the brief's own queries were asked instead"
    problem = Problem(where=PLANNER.name, kind="malformed_answer", detail=detail)
    return QueryPlan(template_queries(prospect, signals, asked), (problem,), answer.bill)


def _query(prospect: Prospect, text: str, signal: str) -> SearchQuery:
    return SearchQuery(text=text, company=prospect.company, website=prospect.website, signal=signal)

"""Decides what to search for: a template per signal, or the queries of a planner backend if one is named."""

from __future__ import annotations

from collections.abc import Sequence

from miniatures.agents.answers import Plan
from miniatures.agents.context import CampaignContext
from miniatures.agents.prompting import prospect_variables, signal_variables
from miniatures.agents.tools.search.base import SearchQuery
from miniatures.backends.ask import ask, profile_of
from miniatures.datamodel.backend import Usage
from miniatures.datamodel.brief import Signal
from miniatures.datamodel.dossier import Problem
from miniatures.datamodel.prospect import Prospect, one_line

_LONGEST_QUERY = 200


class QueryPlan:
    """The queries of one round, what planning cost, and what went wrong with it."""

    def __init__(self, queries: Sequence[SearchQuery]) -> None:
        self.queries = tuple(queries)
        self.problems: tuple[Problem, ...] = ()
        self.usage = Usage()
        self.cost_usd: float | None = 0.0


async def plan_queries(
    context: CampaignContext, prospect: Prospect, signals: Sequence[Signal], asked: Sequence[str]
) -> QueryPlan:
    """One query for each signal that is still looked for, none of them asked before."""
    if "planner" not in context.models:
        return QueryPlan(template_queries(prospect, signals, asked))
    return await _ask_planner(context, prospect, signals, asked)


def template_queries(prospect: Prospect, signals: Sequence[Signal], asked: Sequence[str]) -> list[SearchQuery]:
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
    return chosen


async def _ask_planner(
    context: CampaignContext, prospect: Prospect, signals: Sequence[Signal], asked: Sequence[str]
) -> QueryPlan:
    model = context.model("planner")
    variables = {
        "prospect": {**prospect_variables(prospect), "website": prospect.website},
        "signals": signal_variables(context.brief, [signal.name for signal in signals]),
        "asked": list(asked),
    }
    prompt = context.prompts.render("planner", profile_of(model), variables)
    answer = await ask(model, prompt, Plan, role="planner", node="gather", attempt=1)
    names = {signal.name for signal in signals}
    planned = [
        _query(prospect, text, item.signal)
        for item in (answer.value.queries if answer.value else [])
        if item.signal in names and (text := one_line(item.query)[:_LONGEST_QUERY]) and text not in asked
    ]
    plan = QueryPlan(planned or template_queries(prospect, signals, asked))
    plan.usage, plan.cost_usd = answer.usage, answer.cost_usd
    if not planned:
        detail = f"{answer.error or 'no usable query in the answer'}; the brief's own queries were asked instead"
        plan.problems = (Problem(where="planner", kind="malformed_answer", detail=detail),)
    return plan


def _query(prospect: Prospect, text: str, signal: str) -> SearchQuery:
    return SearchQuery(text=text, company=prospect.company, website=prospect.website, signal=signal)

"""The research graph: search and fetch, have the researcher choose, go again for what is still missing.

gather -> select -> (gather again while rounds are left and signals are missing)
"""

from __future__ import annotations

from typing import Any, Literal

from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime

from miniatures.agents.context import CampaignContext, context_of
from miniatures.agents.gather import gather_once
from miniatures.agents.ledgered import ledgered
from miniatures.agents.plan import plan_queries, template_queries
from miniatures.agents.roles.planner import PLANNER
from miniatures.agents.select import Selected, select_facts
from miniatures.agents.state import Gathered, ProspectInput, ProspectState, ResearchOutput
from miniatures.agents.tools.crawl import page_name
from miniatures.agents.tools.fetching import FetchStatus
from miniatures.agents.tools.search.base import ANSWERED, SearchStatus
from miniatures.datamodel.backend import Bill
from miniatures.datamodel.brief import Signal
from miniatures.datamodel.dossier import Dossier, DossierStatus
from miniatures.datamodel.evidence import Evidence, Quote
from miniatures.datamodel.prospect import Prospect

_BLOCKED = frozenset({SearchStatus.BLOCKED, SearchStatus.BLOCKED_OR_EMPTY})
_BLOCKED_PAGES = frozenset({"blocked", "robots_disallowed"})


def build_research_graph() -> StateGraph[Any, CampaignContext, Any, Any]:
    """Prospect in, dossier out; uncompiled."""
    graph: StateGraph[Any, CampaignContext, Any, Any] = StateGraph(
        ProspectState, CampaignContext, input_schema=ProspectInput, output_schema=ResearchOutput
    )
    graph.add_node("gather", gather)
    graph.add_node("select", select)
    graph.add_edge(START, "gather")
    graph.add_edge("gather", "select")
    graph.add_conditional_edges("select", after_select, {"gather": "gather", "done": END})
    return graph


async def gather(state: ProspectState, runtime: Runtime[CampaignContext]) -> dict[str, Any]:
    """One round of searching and fetching for the signals that the dossier lacks."""
    context, prospect = context_of(runtime), state["prospect"]
    before = state.get("rounds", ())
    signals = missing_signals(context, state.get("dossier"))
    asked = [query for round_ in before for query in round_.queries]
    seen = frozenset(url for round_ in before for url in round_.urls)
    seconds = context.research.seconds - sum(round_.seconds for round_ in before)
    policy = context.policy
    result = await ledgered(
        context,
        "gather",
        prospect,
        Gathered,
        lambda: _gather(context, prospect, signals, asked, seen, seconds),
        is_final=_is_final,
        settings=policy.research,
        search=policy.search,
        fetch=policy.fetch,
        signals=[signal.name for signal in signals],
        asked=asked,
        seen=sorted(seen),
        planner=policy.seat(PLANNER.name),
        checks=policy.checks,
    )
    return {"rounds": (*before, result)}


def _is_final(gathered: Gathered) -> bool:
    """A round that was cut short, or brought nothing while something was blocked or failed, is tried again by the next
    run.
    """
    cut_short = any(problem.kind == FetchStatus.OUT_OF_TIME for problem in gathered.problems)
    return not cut_short and (bool(gathered.sentences) or not gathered.problems)


async def _gather(
    context: CampaignContext,
    prospect: Prospect,
    signals: list[Signal],
    asked: list[str],
    seen: frozenset[str],
    seconds: float,
) -> Gathered:
    plan = await plan_queries(context, prospect, signals, asked)
    found = await gather_once(context, prospect, plan.queries, seen, seconds)
    return found.model_copy(update={"problems": plan.problems + found.problems, "bill": plan.bill})


async def select(state: ProspectState, runtime: Runtime[CampaignContext]) -> dict[str, Any]:
    """Choose facts out of the last round's sentences and write the dossier as it stands."""
    context, rounds, dossier = context_of(runtime), state["rounds"], state.get("dossier")
    known = dossier.facts if dossier else ()
    selected = await select_facts(context, state["prospect"], rounds[-1], context.research.facts - len(known))
    return {"dossier": conclude(rounds, known, selected, dossier)}


def conclude(
    rounds: tuple[Gathered, ...], known: tuple[Evidence | Quote, ...], selected: Selected, before: Dossier | None
) -> Dossier:
    """The dossier after a round."""
    quotes = {fact.quote for fact in known}
    facts = known + tuple(fact for fact in selected.facts if fact.quote not in quotes)
    last = rounds[-1]
    return Dossier(
        status=DossierStatus.FOUND if facts else _status_of_nothing(rounds),
        facts=facts,
        set_aside=(before.set_aside if before else ()) + last.set_aside,
        problems=tuple(dict.fromkeys((*(before.problems if before else ()), *last.problems, *selected.problems))),
        candidates=sum(len(round_.sentences) for round_ in rounds),
        bill=(before.bill if before else Bill()) + last.bill + selected.bill,
    )


def _status_of_nothing(rounds: tuple[Gathered, ...]) -> DossierStatus:
    """Nothing found is said only when somebody answered, there was time and, if pages were named, one could be read."""
    searches = [status for round_ in rounds for status in round_.searches]
    if not any(status in ANSWERED for status in searches):
        blocked = bool(searches) and all(status in _BLOCKED for status in searches)
        return DossierStatus.BLOCKED if blocked else DossierStatus.FAILED
    problems = [problem for round_ in rounds for problem in round_.problems]
    if any(problem.kind == FetchStatus.OUT_OF_TIME for problem in problems):
        return DossierStatus.FAILED
    urls = {url for round_ in rounds for url in round_.urls}
    unread = [problem for problem in problems if page_name(problem.where) in urls]
    if not urls or len(unread) < len(urls):
        return DossierStatus.NOTHING_FOUND
    blocked = all(problem.kind in _BLOCKED_PAGES for problem in unread)
    return DossierStatus.BLOCKED if blocked else DossierStatus.FAILED


def missing_signals(context: CampaignContext, dossier: Dossier | None) -> list[Signal]:
    """The signals of the brief that no fact speaks to yet."""
    found = {fact.signal for fact in dossier.facts} if dossier else set()
    return [signal for signal in context.brief.signals if signal.name not in found]


async def after_select(state: ProspectState, runtime: Runtime[CampaignContext]) -> Literal["gather", "done"]:
    """Whether another round is allowed, wanted and able to ask something new.

    Asynchronous, like every edge here, because LangGraph runs a synchronous one in a thread of its own.
    """
    context, dossier, rounds = context_of(runtime), state["dossier"], state["rounds"]
    if len(rounds) >= context.research.rounds or len(dossier.facts) >= context.research.facts:
        return "done"
    missing = missing_signals(context, dossier)
    asked = [query for round_ in rounds for query in round_.queries]
    able = PLANNER.name in context.models or bool(template_queries(state["prospect"], missing, asked))
    return "gather" if missing and able else "done"

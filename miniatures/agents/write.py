"""The write graph: write, check, write again with the reasons, then ask the fallback once, then leave it to a person.

write -> verify -> (write again, by the writer or the fallback) -> done
"""

from __future__ import annotations

from typing import Any, Literal

from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime

from miniatures.agents.attempt import write_attempt
from miniatures.agents.context import CampaignContext
from miniatures.agents.state import DossierInput, DraftOutput, ProspectState, Written
from miniatures.agents.verify import case_of, check_email, outcome_of, with_reading
from miniatures.checks import CheckCase, CheckReport
from miniatures.datamodel.backend import Usage, add_costs
from miniatures.datamodel.check import Outcome
from miniatures.datamodel.dossier import DossierStatus
from miniatures.datamodel.draft import Draft, DraftStatus, EmailText
from miniatures.datamodel.errors import InputError

WRITER, FALLBACK = "writer", "fallback"


def build_write_graph() -> StateGraph[Any, CampaignContext, Any, Any]:
    """Prospect and dossier in, draft out; uncompiled."""
    graph: StateGraph[Any, CampaignContext, Any, Any] = StateGraph(
        ProspectState, CampaignContext, input_schema=DossierInput, output_schema=DraftOutput
    )
    graph.add_node("write", write)
    graph.add_node("verify", verify)
    graph.add_edge(START, "write")
    graph.add_edge("write", "verify")
    graph.add_conditional_edges("verify", after_verify, {"write": "write", "done": END})
    return graph


async def write(state: ProspectState, runtime: Runtime[CampaignContext]) -> dict[str, Any]:
    """One attempt by the backend whose turn it is.

    Raises:
        InputError: the dossier holds no evidence; a draft from nothing must not look personal.
        BackendError: the backend could not be asked.
    """
    context, dossier = runtime.context, state["dossier"]
    if dossier.status is not DossierStatus.FOUND or not dossier.facts:
        raise InputError(
            f"there is no evidence to write from: the dossier is {dossier.status.value}",
            hint="Write only where the dossier's status is found; build_prospect_graph() does.",
        )
    before, draft = state.get("attempts", ()), state.get("draft")
    role = next_role(context, before, draft)
    again = role == WRITER and draft is not None and bool(before)
    written = await write_attempt(
        context,
        state["prospect"],
        dossier.facts,
        role=role or WRITER,
        attempt=len(before) + 1,
        reasons=reasons_of(draft) if again and draft else (),
        previous=_text_of(draft) if again and draft else None,
    )
    return {"attempts": (*before, written)}


async def verify(state: ProspectState, runtime: Runtime[CampaignContext]) -> dict[str, Any]:
    """Check the last attempt's samples and keep the best email so far."""
    context, prospect, attempts = runtime.context, state["prospect"], state["attempts"]
    case = case_of(context, prospect, state["dossier"])
    best = best_draft(attempts[-1], case)
    earlier = state.get("draft") if len(attempts) > 1 else None
    if earlier is not None and not _is_better(best, earlier):
        best = earlier
    draft = best.model_copy(update=_sums(attempts))
    if next_role(context, attempts, draft) is None:
        draft = await with_reading(context, prospect, draft)
    return {"draft": draft}


async def after_verify(state: ProspectState, runtime: Runtime[CampaignContext]) -> Literal["write", "done"]:
    """Whether anyone is to try again."""
    return "write" if next_role(runtime.context, state["attempts"], state["draft"]) else "done"


def next_role(context: CampaignContext, attempts: tuple[Written, ...], draft: Draft | None) -> str | None:
    """Whose turn it is: the writer's and its rewrites, then the fallback's once; None when the draft stands."""
    if not attempts or draft is None:
        return WRITER
    if draft.status is DraftStatus.READY or attempts[-1].role == FALLBACK:
        return None
    if len(attempts) <= context.write.rewrites:
        return WRITER
    return FALLBACK if FALLBACK in context.models else None


def best_draft(written: Written, case: CheckCase) -> Draft:
    """The attempt's email that fails the fewest checks; of equals the first."""
    checked = [
        (email, error, check_email(email, case)) for email, error in zip(written.emails, written.errors, strict=True)
    ]
    email, error, report = min(checked, key=lambda entry: len(entry[2].failed))
    outcome = outcome_of(_explained(report, error) if email is None else report)
    text = email or EmailText(subject="", body="")
    return Draft(subject=text.subject, body=text.body, evidence=case.evidence, backend=written.backend, **outcome)


def _explained(report: CheckReport, error: str) -> CheckReport:
    """The report on an answer that was no email, with the parser's own reason."""
    schema, *rest = report.results
    reason = f"{schema.reason}: {_first_sentence(error)}"
    return CheckReport((schema.model_copy(update={"reason": reason}), *rest), report.claims)


def _first_sentence(error: str) -> str:
    """Pydantic's message without its input dump and web address."""
    return error.partition(" [type=")[0]


def _is_better(draft: Draft, other: Draft) -> bool:
    return len(draft.failed_checks) < len(other.failed_checks)


def _sums(attempts: tuple[Written, ...]) -> dict[str, Any]:
    usage = Usage()
    cost: float | None = 0.0
    for written in attempts:
        usage, cost = usage + written.usage, add_costs(cost, written.cost_usd)
    return {"usage": usage, "cost_usd": cost, "attempts": len(attempts)}


def reasons_of(draft: Draft) -> tuple[str, ...]:
    """Why the draft was refused, for the writer to mend; checks that could not run have nothing to mend."""
    return tuple(f"{check.name.value}: {check.reason}" for check in draft.checks if check.outcome is Outcome.FAIL)


def _text_of(draft: Draft) -> EmailText | None:
    return EmailText(subject=draft.subject, body=draft.body) if draft.body else None

"""The verify graph: the deterministic checks decide; a verifier backend's reading is stored beside them."""

from __future__ import annotations

from typing import Any

from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime
from pydantic import BaseModel

from miniatures.agents.answers import Opinion
from miniatures.agents.context import CampaignContext
from miniatures.agents.ledgered import ledgered
from miniatures.agents.prompting import as_data, brief_variables, prospect_variables, quote_variables
from miniatures.agents.state import DraftInput, DraftOutput, ProspectState
from miniatures.backends.ask import ask, identity_of, profile_of
from miniatures.checks import CheckCase, CheckReport, run_checks
from miniatures.datamodel.backend import Usage, add_costs
from miniatures.datamodel.dossier import Dossier
from miniatures.datamodel.draft import Draft, DraftStatus, EmailText
from miniatures.datamodel.prospect import Prospect
from miniatures.store.tracing import current_scope, span

ROLE = "verifier"


class Reading(BaseModel):
    """A verifier's opinion and what it cost."""

    text: str
    usage: Usage = Usage()
    cost_usd: float | None = None


def build_verify_graph() -> StateGraph[Any, CampaignContext, Any, Any]:
    """Prospect, dossier and draft in, the draft with its checks, claims, status and reading out; uncompiled."""
    graph: StateGraph[Any, CampaignContext, Any, Any] = StateGraph(
        ProspectState, CampaignContext, input_schema=DraftInput, output_schema=DraftOutput
    )
    graph.add_node("verify", verify_draft)
    graph.add_edge(START, "verify")
    graph.add_edge("verify", END)
    return graph


async def verify_draft(state: ProspectState, runtime: Runtime[CampaignContext]) -> dict[str, Any]:
    """Check a draft that was written elsewhere, or edited by a person."""
    context, prospect, draft = runtime.context, state["prospect"], state["draft"]
    case = case_of(context, prospect, state["dossier"])
    report = check_email(EmailText(subject=draft.subject, body=draft.body), case)
    checked = draft.model_copy(update={**outcome_of(report), "evidence": case.evidence})
    return {"draft": await with_reading(context, prospect, checked)}


def case_of(context: CampaignContext, prospect: Prospect, dossier: Dossier) -> CheckCase:
    """What this prospect's drafts are checked against."""
    return CheckCase(
        prospect=prospect,
        brief=context.brief,
        evidence=dossier.facts,
        foils=context.foils,
        set_aside=dossier.set_aside,
        now=context.now(),
        max_age_days=context.research.max_age_days,
    )


def check_email(email: EmailText | None, case: CheckCase) -> CheckReport:
    """Run the checks, leaving a span that names those that did not pass."""
    if current_scope() is None:
        return run_checks(email, case)
    with span("check", "email") as attributes:
        report = run_checks(email, case)
        attributes["passed"] = report.passed
        attributes["failed"] = {result.name.value: result.reason for result in report.failed}
        return report


def outcome_of(report: CheckReport) -> dict[str, Any]:
    """The fields of a draft that the checks decide."""
    status = DraftStatus.READY if report.passed else DraftStatus.NEEDS_REVIEW
    return {"checks": report.results, "claims": report.claims, "status": status}


async def with_reading(context: CampaignContext, prospect: Prospect, draft: Draft) -> Draft:
    """The draft with the verifier's opinion, if a verifier is named; its status is not touched."""
    if ROLE not in context.models:
        return draft
    model = context.model(ROLE)
    reading = await ledgered(
        context,
        "reading",
        prospect,
        Reading,
        lambda: _read(context, prospect, draft),
        subject=draft.subject,
        body=draft.body,
        quotes=[item.quote for item in draft.evidence],
        prompt=context.prompts.version(ROLE, profile_of(model)),
        backend=identity_of(model),
    )
    cost = add_costs(draft.cost_usd, reading.cost_usd)
    return draft.model_copy(update={"reading": reading.text, "usage": draft.usage + reading.usage, "cost_usd": cost})


async def _read(context: CampaignContext, prospect: Prospect, draft: Draft) -> Reading:
    model = context.model(ROLE)
    variables = {
        "brief": brief_variables(context.brief),
        "prospect": prospect_variables(prospect),
        "quotes": quote_variables(draft.evidence, context.brief, prospect),
        "email": {"subject": as_data(draft.subject), "body": draft.body},
    }
    prompt = context.prompts.render(ROLE, profile_of(model), variables)
    answer = await ask(model, prompt, Opinion, role=ROLE, node="verify")
    text = str(answer.value) if answer.value else f"no opinion: {(answer.error or '').partition(' [type=')[0]}"
    return Reading(text=text, usage=answer.usage, cost_usd=answer.cost_usd)

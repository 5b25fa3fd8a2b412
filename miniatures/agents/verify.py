"""The verify graph: the deterministic checks decide; a verifier backend's opinion is stored beside them."""

from __future__ import annotations

from typing import Any

from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime
from pydantic import BaseModel

from miniatures.agents.context import CampaignContext, context_of
from miniatures.agents.ledgered import ledgered
from miniatures.agents.roles.verifier import VERIFIER, VerifierVariables
from miniatures.agents.shadowed import ask_seat
from miniatures.agents.state import DraftInput, DraftOutput, ProspectState
from miniatures.agents.vet import reads_statements, vet
from miniatures.checks import CheckCase, CheckReport, run_checks
from miniatures.datamodel.backend import Bill
from miniatures.datamodel.dossier import Dossier
from miniatures.datamodel.draft import Draft, DraftStatus, EmailText
from miniatures.datamodel.prospect import Recipient
from miniatures.store.tracing import current_scope, span


class GivenOpinion(BaseModel):
    """A verifier's opinion in words, and what it cost."""

    text: str
    bill: Bill = Bill(cost_usd=None)


def build_verify_graph() -> StateGraph[Any, CampaignContext, Any, Any]:
    """Prospect, dossier and draft in, the draft with its checks, statements, status and opinion out; uncompiled."""
    graph: StateGraph[Any, CampaignContext, Any, Any] = StateGraph(
        ProspectState, CampaignContext, input_schema=DraftInput, output_schema=DraftOutput
    )
    graph.add_node("verify", verify_draft)
    graph.add_edge(START, "verify")
    graph.add_edge("verify", END)
    return graph


async def verify_draft(state: ProspectState, runtime: Runtime[CampaignContext]) -> dict[str, Any]:
    """Check a draft that was written elsewhere, or edited by a person."""
    context, recipient, draft = context_of(runtime), state["prospect"], state["draft"]
    case = case_of(context, recipient, state["dossier"])
    vetted = await vet(context, recipient, draft.text, case.evidence)
    report = check_email(draft.text, case.with_vetted(vetted.statements))
    checked = draft.model_copy(
        update={**outcome_of(report), "evidence": case.evidence, "vetted": vetted.statements or ()}
    )
    return {"draft": await with_opinion(context, recipient, checked)}


def case_of(context: CampaignContext, recipient: Recipient, dossier: Dossier) -> CheckCase:
    """What this prospect's drafts are checked against."""
    return CheckCase(
        prospect=recipient,
        brief=context.brief,
        evidence=dossier.facts,
        foils=context.foils,
        set_aside=dossier.set_aside,
        now=context.now(),
        max_age_days=context.research.max_age_days,
        sure_bound=context.sure_bound,
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
    return {"checks": report.results, "statements": report.statements, "status": status}


async def with_opinion(context: CampaignContext, recipient: Recipient, draft: Draft) -> Draft:
    """The draft with the opinion of a verifier that reads whole emails; its status is not touched."""
    if VERIFIER.name not in context.models or reads_statements(context):
        return draft
    variables = VerifierVariables.of(context.brief, recipient, draft.evidence, draft.text)
    opinion = await ledgered(
        context,
        "opinion",
        recipient,
        GivenOpinion,
        lambda: _ask(context, variables, () if draft.trace is None else (draft.trace,)),
        email=draft.text,
        quotes=variables.quotes,
        seat=context.policy.seat(VERIFIER.name),
    )
    return draft.model_copy(update={"opinion": opinion.text, "bill": draft.bill + opinion.bill})


async def _ask(context: CampaignContext, variables: VerifierVariables, sources: tuple[str, ...]) -> GivenOpinion:
    answer = await ask_seat(
        context,
        VERIFIER.name,
        lambda model, seat: VERIFIER.ask(model, context.prompts, variables, node="verify", seat=seat, sources=sources),
    )
    text = str(answer.value) if answer.value else f"no opinion: {(answer.error or '').partition(' [type=')[0]}"
    return GivenOpinion(text=text, bill=answer.bill)

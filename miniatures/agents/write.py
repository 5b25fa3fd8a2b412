"""The write graph: write, check, write again with the reasons, then ask the fallback once, then leave it to a person.

write -> verify -> (write again, by the writer or its fallback) -> done
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime

from miniatures.agents.attempt import FIRST_EMAIL, Thread, Try, write_samples
from miniatures.agents.context import CampaignContext, context_of
from miniatures.agents.placed import placed_email
from miniatures.agents.roles.writer import WRITER
from miniatures.agents.state import DossierInput, DraftOutput, ProspectState, Written
from miniatures.agents.together import together
from miniatures.agents.verify import case_of, check_email, outcome_of, with_opinion
from miniatures.agents.vet import Vetted, vet
from miniatures.backends.ask import identity_of
from miniatures.checks import CheckCase, CheckReport
from miniatures.datamodel.backend import Bill
from miniatures.datamodel.check import Outcome
from miniatures.datamodel.dossier import Dossier, DossierStatus, Problem, SetAside, SetAsideReason
from miniatures.datamodel.draft import PLACED, Draft, DraftStatus, EmailText
from miniatures.datamodel.errors import BudgetReached, BudgetScope, InputError
from miniatures.datamodel.evidence import Evidence, Quote
from miniatures.datamodel.hashing import content_hash
from miniatures.datamodel.prospect import Recipient
from miniatures.datamodel.seat import Seat
from miniatures.datamodel.vetted import VettedStatement


def build_write_graph() -> StateGraph[Any, CampaignContext, Any, Any]:
    """Prospect and dossier in, draft out; uncompiled."""
    graph: StateGraph[Any, CampaignContext, Any, Any] = StateGraph(
        ProspectState, CampaignContext, input_schema=DossierInput, output_schema=DraftOutput
    )
    graph.add_node("write", write)
    graph.add_node("verify", verify)
    graph.add_edge(START, "write")
    graph.add_edge("write", "verify")
    graph.add_conditional_edges("verify", after_verify, {"write": "write", "done": END, "declined": END})
    return graph


async def write(state: ProspectState, runtime: Runtime[CampaignContext]) -> dict[str, Any]:
    """One batch of samples by the backend whose turn it is.

    Raises:
        InputError: the dossier holds no evidence; a draft from nothing must not look personal.
        BackendError: the backend could not be asked.
        BudgetReached: the writer's budget is spent. That of its fallback is a problem of the draft instead.
    """
    context, dossier = context_of(runtime), state["dossier"]
    if dossier.status is not DossierStatus.FOUND or not dossier.facts:
        raise _nothing_to_write_from(dossier)
    before, draft = state.get("attempts", ()), state.get("draft")
    turn = next_try(context, before, draft) or _FIRST
    if turn.seat is Seat.FIRST and WRITER.name not in context.models:
        return {"attempts": (*before, _placed(context, state["prospect"], dossier.facts))}
    return {"attempts": (*before, await ask_turn(context, state["prospect"], _to_tell(dossier, draft), turn, draft))}


async def ask_turn(
    context: CampaignContext,
    recipient: Recipient,
    evidence: Sequence[Quote],
    turn: Try,
    draft: Draft | None,
    after: Thread = FIRST_EMAIL,
) -> Written:
    """What those answer whose turn it is; in a rewrite by the first, who is told why the best draft so far was refused.

    Raises: as `write` does.
    """
    again = draft if turn.seat is Seat.FIRST and turn.attempt > 1 else None
    try:
        return await write_samples(
            context,
            recipient,
            evidence,
            turn,
            after=after,
            reasons=reasons_of(again) if again else (),
            previous=_text_of(again) if again else None,
            refused=again.trace if again else None,
        )
    except BudgetReached as error:
        if turn.seat is Seat.FIRST or error.scope is not BudgetScope.BACKEND:
            raise
        return _not_asked(context, turn, error)


async def verify(state: ProspectState, runtime: Runtime[CampaignContext]) -> dict[str, Any]:
    """Check the last batch's samples and keep the best email so far."""
    context, recipient, attempts = context_of(runtime), state["prospect"], state["attempts"]
    last, best = await best_of(context, recipient, state["dossier"], attempts[-1])
    attempts = (*attempts[:-1], last)
    draft = best_so_far(attempts, best, state.get("draft") if len(attempts) > 1 else None)
    if draft.body and next_try(context, attempts, draft) is None:
        draft = await with_opinion(context, recipient, draft)
    return {"draft": draft, "attempts": attempts}


def best_so_far(attempts: tuple[Written, ...], best: Draft | None, earlier: Draft | None) -> Draft:
    """The better of the last batch's best email and the best before it, with what all attempts together took."""
    if best is None or (earlier is not None and not _is_better(best, earlier)):
        best = earlier
    assert best is not None  # the first batch is the writer's, who was asked
    return best.model_copy(update=_sums(attempts))


async def best_of(
    context: CampaignContext, recipient: Recipient, dossier: Dossier, written: Written
) -> tuple[Written, Draft | None]:
    """The best email of a batch, read by the verifier and the checks, and the batch with what reading it took."""
    case = case_of(context, recipient, dossier)
    cases = [_told_alone(case, written, place) for place in range(len(written.emails))]
    vetted = await together(
        [vet(context, recipient, email, one.evidence) for email, one in zip(written.emails, cases, strict=True)]
    )
    return written.with_bill(Bill.total(one.bill for one in vetted)), best_draft(written, case, vetted)


async def after_verify(state: ProspectState, runtime: Runtime[CampaignContext]) -> Literal["write", "done", "declined"]:
    """Whether anyone is to try again, and whether there is an email at all."""
    if state["draft"].status is DraftStatus.NOTHING_FOUND:
        return "declined"
    return "write" if next_try(context_of(runtime), state["attempts"], state["draft"]) else "done"


def _to_tell(dossier: Dossier, draft: Draft | None) -> Sequence[Quote]:
    """The facts that are written from: once one of them was told, that one alone."""
    return draft.evidence if draft is not None and draft.body else dossier.facts


_FIRST = Try(Seat.FIRST, 1, (0,))


def _placed(context: CampaignContext, recipient: Recipient, facts: Sequence[Quote]) -> Written:
    """The email that code writes where the campaign names no writer.

    Raises:
        InputError: the brief asks for another language than English, which is all that code knows.
    """
    if not context.brief.language.lower().startswith("en"):
        raise InputError(
            f"without a writer emails are in English, and the brief asks for {context.brief.language}",
            hint='Give a model as models["writer"], or write the brief in English.',
        )
    email = placed_email(context.brief, recipient, facts)
    return Written(
        seat=Seat.FIRST, attempt=1, backend=PLACED, emails=(email,), errors=("",), traces=(None,), bill=Bill()
    )


def next_try(context: CampaignContext, attempts: tuple[Written, ...], draft: Draft | None) -> Try | None:
    """Whose turn it is: the writer's own first choice, where it fails more samples, then its rewrites, then the
    fallback's once; None when the draft stands.
    """
    if not attempts or draft is None:
        return _FIRST
    last = attempts[-1]
    if draft.status is not DraftStatus.NEEDS_REVIEW or last.seat is Seat.FALLBACK:
        return None
    has_writer = WRITER.name in context.models
    if len(attempts) == 1 and context.write.samples > 1 and has_writer:
        return Try(Seat.FIRST, 1, tuple(range(1, context.write.samples)))
    following = last.attempt + 1
    samples = tuple(range(context.write.samples_of(following)))
    if last.attempt <= context.write.rewrites and has_writer:
        return Try(Seat.FIRST, following, samples)
    return Try(Seat.FALLBACK, following, samples) if context.seat(WRITER.name, Seat.FALLBACK) else None


def best_draft(written: Written, case: CheckCase, vetted: Sequence[Vetted] = ()) -> Draft | None:
    """The batch's email that fails the fewest checks, of equals the one that the verifier is surest of, then the first;
    None where nobody could be asked.
    """
    if not written.emails:
        return None
    said = [one.statements for one in vetted] if vetted else [()] * len(written.emails)
    cases = [_told_alone(case, written, place).with_vetted(said[place]) for place in range(len(written.emails))]
    reports = [check_email(email, one) for email, one in zip(written.emails, cases, strict=True)]
    place = min(range(len(reports)), key=lambda place: (len(reports[place].failed), -_least_sure(said[place])))
    email, report, case = written.emails[place], reports[place], cases[place]
    outcome = outcome_of(_explained(report, written.errors[place]) if email is None else report)
    if written.declined:
        outcome |= {"status": DraftStatus.NOTHING_FOUND}
    text = EmailText(subject=email.subject, body=email.body) if email else EmailText(subject="", body="")
    trace = written.traces[place] if written.traces else None
    return Draft(
        id=trace or content_hash([case.prospect.key, written.backend, text])[:32],
        trace=trace,
        subject=text.subject,
        body=text.body,
        evidence=case.evidence,
        vetted=case.vetted or (),
        backend=written.backend,
        **outcome,
    )


def _least_sure(vetted: Sequence[VettedStatement] | None) -> float:
    return min((one.sure for one in vetted or ()), default=1.0)


def _told_alone(case: CheckCase, written: Written, place: int) -> CheckCase:
    """The case of one email, which rests on all facts or tells one."""
    told = written.told[place] if written.told else None
    return case if told is None else case.with_evidence(tuple(one for one in case.evidence if one.quote == told)[:1])


def declined(dossier: Dossier, draft: Draft) -> Dossier:
    """The dossier when the writer has found no reason to write in its facts: they are set aside."""
    aside = [
        SetAside(evidence=fact, reason=SetAsideReason.NO_REASON) for fact in dossier.facts if isinstance(fact, Evidence)
    ]
    changed = {"status": DossierStatus.NOTHING_FOUND, "facts": (), "set_aside": (*dossier.set_aside, *aside)}
    return dossier.model_copy(update=changed | {"bill": dossier.bill + draft.bill})


def _nothing_to_write_from(dossier: Dossier) -> InputError:
    if dossier.status is DossierStatus.FOUND:
        return InputError(
            "there is no evidence to write from: the dossier holds no facts, though its status is found",
            hint="A node that takes the last fact away leads to END instead of `write`.",
        )
    return InputError(
        f"there is no evidence to write from: the dossier's status is {dossier.status.value}",
        hint="Write only where it is found; build_prospect_graph() does.",
    )


def _not_asked(context: CampaignContext, turn: Try, error: BudgetReached) -> Written:
    problem = Problem(where=turn.seat.value, kind="budget_reached", detail=error.message)
    backend = str(identity_of(context.model(WRITER.name, turn.seat)))
    return Written(
        seat=turn.seat, attempt=turn.attempt, backend=backend, emails=(), errors=(), problem=problem, bill=Bill()
    )


def _explained(report: CheckReport, error: str) -> CheckReport:
    """The report on an answer that was no email, with the parser's own reason."""
    schema, *rest = report.results
    reason = f"{schema.reason}: {_first_sentence(error)}"
    return CheckReport((schema.model_copy(update={"reason": reason}), *rest), report.statements)


def _first_sentence(error: str) -> str:
    """Pydantic's message without its input dump and web address."""
    return error.partition(" [type=")[0]


def _is_better(draft: Draft, other: Draft) -> bool:
    """Whether fewer checks fail. That there is nothing to write is better than an answer that was no email alone."""
    if draft.status is DraftStatus.NOTHING_FOUND:
        return not other.body
    return len(draft.failed_checks) < len(other.failed_checks)


def _sums(attempts: tuple[Written, ...]) -> dict[str, Any]:
    problems = tuple(written.problem for written in attempts if written.problem is not None)
    bill = Bill.total(written.bill for written in attempts)
    return {"bill": bill, "attempts": attempts[-1].attempt, "problems": problems}


def reasons_of(draft: Draft) -> tuple[str, ...]:
    """Why the draft was refused, for the writer to mend; checks that could not run have nothing to mend."""
    return tuple(f"{check.name.value}: {check.reason}" for check in draft.checks if check.outcome is Outcome.FAIL)


def _text_of(draft: Draft) -> EmailText | None:
    return EmailText(subject=draft.subject, body=draft.body) if draft.body else None

"""Writes one email again because a person asked for it: their hint stands where the checks' reasons stand otherwise.

A follow-up is written again as one, after the same emails.
"""

from __future__ import annotations

from miniatures.agents.attempt import Thread, Try, write_samples
from miniatures.agents.follow_up import facts_of, follow_up_context, is_trusted, with_earlier
from miniatures.agents.roles.writer import WRITER
from miniatures.agents.runs import OpenCampaign
from miniatures.agents.verify import with_opinion
from miniatures.agents.write import best_of
from miniatures.datamodel.draft import Draft
from miniatures.datamodel.errors import InputError, MiniaturesError
from miniatures.datamodel.evidence import Quote
from miniatures.datamodel.result import ProspectResult, policy_of_step
from miniatures.datamodel.seat import Seat
from miniatures.store.tracing import Scope, enter_scope, span


class NothingWritten(MiniaturesError):
    """The writer was asked, and gave no other email."""


async def rewrite(campaign: OpenCampaign, result: ProspectResult, hint: str) -> ProspectResult:
    """The result with an email that was written again; it is saved in the earlier one's place.

    Raises:
        InputError: the campaign has no writer, or the result no email.
        NothingWritten: the writer gave no email, or the very same one.
        BackendError: the writer could not be asked.
    """
    context, store = campaign.context, campaign.store
    if WRITER.name not in context.models or (result.step and not is_trusted(context)):
        which = "follow-ups" if result.step else "emails"
        raise InputError(
            f"no model writes this campaign's {which}: code places them, so there is nothing to write again",
            hint="Edit the draft, or name a backend as the writer.",
        )
    if result.draft is None or result.dossier is None:
        raise InputError("there is no email to write again", hint="Run the campaign again.")
    await store.keep_policy(context.policy)
    scope = Scope(store.recorder, campaign.run_id, result.campaign, result.prospect.key, policy=context.policy.hash)
    with enter_scope(scope), span("rewrite", result.prospect.key):
        draft = await _written_again(campaign, result, hint)
    policy = policy_of_step(context.policy.hash, result.step)
    changed = {"draft": draft, "status": draft.status, "policy": policy, "error": None}
    done = result.model_copy(update=changed | {"bill": result.bill + draft.bill})
    await store.save_result(done)
    return done


async def _written_again(campaign: OpenCampaign, result: ProspectResult, hint: str) -> Draft:
    context, before, dossier = campaign.context, result.draft, result.dossier
    assert before is not None and dossier is not None
    evidence: tuple[Quote, ...] = before.evidence
    if result.step:
        context, evidence = follow_up_context(context), facts_of(dossier, before, result.earlier)
        dossier = with_earlier(dossier, evidence, result.earlier)
    turn = Try(Seat.FIRST, before.attempts + 1, tuple(range(context.write.samples_of(before.attempts + 1))))
    written = await write_samples(
        context,
        result.prospect,
        evidence,
        turn,
        after=Thread(result.earlier),
        reasons=(f"reviewer: {hint}",),
        previous=before.text,
        refused=before.trace,
    )
    written, best = await best_of(context, result.prospect, dossier, written)
    if best is None or not best.body or best.text == before.text:
        raise NothingWritten(
            "the writer gave no other email", hint="Edit the draft, reject it, or ask with another hint."
        )
    changed = best.model_copy(update={"attempts": turn.attempt, "bill": written.bill})
    return await with_opinion(context, result.prospect, changed)

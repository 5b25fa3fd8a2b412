"""Writes an email to somebody who has not answered the earlier ones: by the writer if it may do that, else code.

The checks are those of every email; the earlier ones, as they left, count among what it may stand on. Where nothing new
can be said that goes with the news, none is written: one that only asks again is worth less than none. Nobody reads a
shadow's follow-up, so none is asked for.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

from miniatures.agents.attempt import NOTHING_NEW, Thread
from miniatures.agents.context import CampaignContext
from miniatures.agents.parts import ask_parts
from miniatures.agents.passages import passage_of
from miniatures.agents.placed_follow_up import placed_follow_up, without_made
from miniatures.agents.reason import Parts
from miniatures.agents.roles.researcher import RESEARCHER
from miniatures.agents.roles.writer import FOLLOW_UP, WRITER, writes_follow_ups
from miniatures.agents.runs import OpenCampaign
from miniatures.agents.state import Written
from miniatures.agents.verify import case_of, check_email, outcome_of, with_opinion
from miniatures.agents.write import ask_turn, best_of, best_so_far, next_try
from miniatures.backends.ask import capabilities_of
from miniatures.datamodel.backend import Bill
from miniatures.datamodel.capabilities import Questions
from miniatures.datamodel.dossier import Dossier
from miniatures.datamodel.draft import PLACED, Draft, DraftStatus, EarlierEmail
from miniatures.datamodel.errors import InputError
from miniatures.datamodel.evidence import Quote
from miniatures.datamodel.hashing import content_hash
from miniatures.datamodel.prospect import Prospect
from miniatures.datamodel.result import ProspectResult, policy_of_step
from miniatures.datamodel.seat import Seat
from miniatures.store.tracing import Scope, enter_scope, span

_FITS = 0.4
"""The least probability of an angle or a claim that fits, as it alone is what a follow-up has to say. Of angles a first
email asks for more, whose news nobody has approved yet; of claims for less, beside which there is the news."""


@dataclass(frozen=True)
class FollowUpAsked:
    """Whom to write to once more, and after what. `first` is the result of the first email that left."""

    first: ProspectResult
    prospect: Prospect
    thread: Thread

    @property
    def step(self) -> int:
        """The new email's: that of the first is 0."""
        return len(self.thread.earlier)


async def follow_up(campaign: OpenCampaign, asked: FollowUpAsked) -> ProspectResult:
    """Write the email and save it as a result of its own, beside that of the first; it waits for reviewers then.

    The result is `nothing_found`, without a draft, where there is nothing new to say.

    Raises:
        InputError: code would place it, and the brief asks for another language than English.
        BackendError: the writer could not be asked.
        BudgetReached: the writer's budget, or the campaign's, is spent.
    """
    began, policy = time.perf_counter(), campaign.context.policy
    await campaign.store.keep_policy(policy)
    key = asked.prospect.key
    scope = Scope(campaign.store.recorder, campaign.run_id, asked.first.campaign, key, policy=policy.hash)
    with enter_scope(scope), span(FOLLOW_UP, key, step=asked.step):
        draft = await _written(follow_up_context(campaign.context), asked)
    ended = draft.status is DraftStatus.NOTHING_FOUND
    changed = {
        "policy": policy_of_step(policy.hash, asked.step),
        "prospect": asked.prospect,
        "status": draft.status,
        "draft": None if ended else draft,
        "error": NOTHING_NEW if ended else None,
        "bill": draft.bill,
        "seconds": time.perf_counter() - began,
        "earlier": asked.thread.earlier,
    }
    done = asked.first.model_copy(update=changed)
    await campaign.store.save_result(done)
    return done


def follow_up_context(context: CampaignContext) -> CampaignContext:
    """The same context for short emails, and without a shadow of the writer."""
    seats = context.seats(WRITER.name)
    models = dict(context.models) if seats is None else {**context.models, WRITER.name: replace(seats, shadow=None)}
    return replace(context, brief=context.brief.for_follow_ups, models=models)


def facts_of(dossier: Dossier, draft: Draft, earlier: tuple[EarlierEmail, ...]) -> tuple[Quote, ...]:
    """What an email after these is written from: what the draft told first, then the other facts."""
    before = [email.quote for email in earlier]
    told = tuple(item for item in draft.evidence if item not in before)
    return (*told, *(fact for fact in dossier.facts if fact not in told))


def with_earlier(dossier: Dossier, facts: tuple[Quote, ...], earlier: tuple[EarlierEmail, ...]) -> Dossier:
    """What it is checked against: these facts, and the earlier emails as they left."""
    return dossier.model_copy(update={"facts": (*facts, *(email.quote for email in earlier))})


def is_trusted(context: CampaignContext, seat: Seat = Seat.FIRST) -> bool:
    """Whether the writer in this seat is asked for follow-ups."""
    model = context.seat(WRITER.name, seat)
    return model is not None and writes_follow_ups(capabilities_of(model))


async def _written(context: CampaignContext, asked: FollowUpAsked) -> Draft:
    first, earlier = asked.first, asked.thread.earlier
    if first.draft is None or first.dossier is None:
        raise InputError("there is no first email to follow up on", hint="Run the campaign again.")
    facts = facts_of(first.dossier, first.draft, earlier)
    dossier = with_earlier(first.dossier, facts, earlier)
    attempts: tuple[Written, ...] = ()
    draft: Draft | None = None
    while (turn := next_try(context, attempts, draft)) is not None and is_trusted(context, turn.seat):
        written = await ask_turn(context, asked.prospect, facts, turn, draft, asked.thread)
        written, best = await best_of(context, asked.prospect, dossier, written)
        attempts = (*attempts, written)
        draft = best_so_far(attempts, best, draft)
    draft = draft or await _placed(context, asked, dossier)
    return await with_opinion(context, asked.prospect, draft) if draft.body else draft


async def _placed(context: CampaignContext, asked: FollowUpAsked, dossier: Dossier) -> Draft:
    """The email that code makes. No check passes it as it is, for nothing in it is about the company: somebody decides.

    Raises:
        InputError: the brief asks for another language than English.
        BackendError: the researcher could not be asked.
    """
    if not context.brief.language.lower().startswith("en"):
        raise InputError(
            f"code places follow-ups in English, and the brief asks for {context.brief.language}",
            hint="Name a writer that is asked with the full prompt, or take `follow_ups` out.",
        )
    parts = await _new_parts(context, asked, dossier.facts[0])
    new = [part for part in (parts.angle, parts.claim) if part]
    thread = asked.thread
    email = placed_follow_up(context.brief, asked.prospect, new, thread.earlier, is_last=thread.is_last)
    report = check_email(email, case_of(context, asked.prospect, dossier))
    return Draft(
        id=content_hash([asked.prospect.key, PLACED, asked.step, email])[:32],
        subject=email.subject if email else "",
        body=email.body if email else "",
        evidence=dossier.facts,
        backend=PLACED,
        bill=parts.bill,
        **(outcome_of(report) if email else {"status": DraftStatus.NOTHING_FOUND}),
    )


async def _new_parts(context: CampaignContext, asked: FollowUpAsked, news: Quote) -> Parts:
    """The angle and the claim that go with the news and that no earlier email had, each empty where there is none.

    Raises:
        BackendError: the researcher could not be asked.
    """
    left, trust = without_made(context.brief, asked.thread.earlier), context.capabilities(RESEARCHER.name)
    if trust is None or trust.questions is not Questions.PASSAGE:
        angle = next(iter(left.angles_of(news.signal)), "")
        return Parts(angle, left.claim_for(news.signal, angle) if left.claims else "", Bill())
    fits = {"angle_fits": _FITS, "claim_fits": _FITS}
    passage, company = passage_of(news), asked.prospect.company
    return await ask_parts(context, left, company, passage, news.signal, node=FOLLOW_UP, **fits)

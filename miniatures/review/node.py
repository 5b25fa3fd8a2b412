"""A node in which the graph waits for a person: accept, edit or reject the draft.

For those who compose graphs of their own, with a checkpointer. The node does nothing before its interrupts, because
LangGraph runs it again from its beginning when the person has answered; what is to happen after belongs in a next node.
"""

from __future__ import annotations

from typing import Any, Literal

from langgraph.runtime import Runtime
from langgraph.types import interrupt
from pydantic import ValidationError

from miniatures.agents.context import CampaignContext, context_of
from miniatures.agents.state import ProspectState
from miniatures.agents.verify import case_of, check_email, outcome_of
from miniatures.datamodel.draft import Draft, DraftStatus, EmailText
from miniatures.datamodel.mistakes import mistakes
from miniatures.datamodel.review import Review, ReviewAction, ReviewAnswer
from miniatures.datamodel.trace import new_id
from miniatures.review.email_text import UnreadableEdit
from miniatures.review.reviewing import Reviewable, accept, edit, reject
from miniatures.store.tracing import current_scope

Ending = Literal["accepted", "edited", "rejected"]
_ENDINGS: dict[ReviewAction, Ending] = {
    ReviewAction.ACCEPT: "accepted",
    ReviewAction.EDIT: "edited",
    ReviewAction.REJECT: "rejected",
}

_NOTHING_CHANGED = "Give a new subject or a new body, or accept the email as it stands."


async def human_review(state: ProspectState, runtime: Runtime[CampaignContext]) -> dict[str, Any]:
    """Wait for a `ReviewAnswer`; the state's `review` is then the record of it, as JSON, for `store.add_review`.

    The draft's status is what the checks say. Accepting does not change it: the record is the person's yes, which
    overrules the checks, as it does for drafts of a campaign. An edit is a new draft, which is checked again: what was
    said of the old one says nothing of it. What is no such answer, or an edit that changes nothing or leaves the
    subject or the body empty, is asked again, and the question's `mistake` says what was wrong with it.
    """
    review, draft = _answered(state), state["draft"]
    match review.action:
        case ReviewAction.ACCEPT:
            changed = draft
        case ReviewAction.EDIT:
            text = EmailText.model_validate(review.edited)
            report = check_email(text, case_of(context_of(runtime), state["prospect"], state["dossier"]))
            changed = draft.model_copy(update={"id": new_id(), **text.model_dump(), **outcome_of(report)})
        case _:
            changed = draft.model_copy(update={"status": DraftStatus.NEEDS_REVIEW})
    return {"draft": changed, "review": review.model_dump_json()}


async def after_review(state: ProspectState) -> Ending:
    """For a conditional edge behind the node."""
    return _ENDINGS[Review.model_validate_json(state["review"]).action]


def _answered(state: ProspectState) -> Review:
    """The record of the first valid answer.

    LangGraph gives the answers again, in order, each time that it runs the node again: one that raised an error would
    raise it for ever.
    """
    mistake: str | None = None
    while True:
        said = interrupt(_question(state, mistake))
        try:
            return _review(ReviewAnswer.model_validate(said), state["draft"], state["prospect"].key)
        except ValidationError as error:
            mistake = mistakes(error)
        except UnreadableEdit as error:
            mistake = error.told


def _review(answer: ReviewAnswer, draft: Draft, prospect: str) -> Review:
    """The record of what the person said.

    Raises:
        UnreadableEdit: an edit changes nothing, or leaves nothing to send.
    """
    scope = current_scope()
    campaign = scope.campaign if scope else None
    item = Reviewable(draft.trace or draft.id, draft.text.model_dump(), campaign, prospect, draft=draft.id)
    match answer.action:
        case ReviewAction.ACCEPT:
            return accept(item, answer.reviewer, answer.comment)
        case ReviewAction.EDIT:
            changes = answer.model_dump(include={"subject", "body"}, exclude_none=True)
            review = edit(item, answer.reviewer, draft.text.model_copy(update=changes), answer.comment)
            if review.edited is None:
                raise UnreadableEdit("the edit changes nothing", hint=_NOTHING_CHANGED)
            return review
        case ReviewAction.REJECT:
            return reject(item, answer.reviewer, answer.reason, answer.comment)


def _question(state: ProspectState, mistake: str | None) -> dict[str, Any]:
    """What the person is shown: plain JSON, so that any front end can show it."""
    draft = state["draft"]
    return {
        "prospect": state["prospect"].email,
        "subject": draft.subject,
        "body": draft.body,
        "evidence": [{"quote": item.quote, "url": item.where} for item in draft.evidence],
        "failed": [{"check": check.name.value, "reason": check.reason} for check in draft.failed_checks],
        "actions": [action.value for action in _ENDINGS],
        "mistake": mistake,
    }

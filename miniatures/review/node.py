"""A node in which the graph waits for a person: accept, edit or reject the draft.

For those who compose graphs of their own, with a checkpointer. The node does nothing before its one interrupt, because
LangGraph runs it again from its beginning when the person has answered; what is to happen after belongs in a next node.
"""

from __future__ import annotations

from typing import Any, Literal

from langgraph.runtime import Runtime
from langgraph.types import interrupt
from pydantic import Field

from miniatures.agents.context import CampaignContext
from miniatures.agents.state import ProspectState
from miniatures.agents.verify import case_of, check_email, outcome_of
from miniatures.datamodel.draft import Draft, DraftStatus, EmailText
from miniatures.datamodel.frozen import Strict
from miniatures.datamodel.review import RejectReason, Review, ReviewAction
from miniatures.datamodel.trace import new_id
from miniatures.review.reviewing import Reviewable, accept, edit, reject
from miniatures.store.tracing import current_scope

Ending = Literal["accepted", "edited", "rejected"]
_ENDINGS: dict[ReviewAction, Ending] = {
    ReviewAction.ACCEPT: "accepted",
    ReviewAction.EDIT: "edited",
    ReviewAction.REJECT: "rejected",
}


class ReviewAnswer(Strict):
    """What a person says to the question: the value to resume the graph with, as it is or as a dictionary."""

    action: Literal[ReviewAction.ACCEPT, ReviewAction.EDIT, ReviewAction.REJECT]
    reviewer: str = Field(min_length=1)
    subject: str | None = Field(default=None, description="The new subject of an edit; null keeps the old.")
    body: str | None = Field(default=None, description="The new body of an edit; null keeps the old.")
    reason: RejectReason = RejectReason.OTHER
    comment: str = ""


async def human_review(state: ProspectState, runtime: Runtime[CampaignContext]) -> dict[str, Any]:
    """Wait for a `ReviewAnswer`; the state's `review` is then the record of it, as JSON, for `store.add_review`.

    Accepting makes the draft ready, whatever the checks said. An edit is a new draft, which is checked again: what was
    said of the old one says nothing of it.

    Raises:
        pydantic.ValidationError: the graph was resumed with something that is no such answer.
        UnreadableEdit: an edit left the subject or the body empty.
    """
    answer = ReviewAnswer.model_validate(interrupt(_question(state)))
    draft = state["draft"]
    review = _review(answer, draft, state["prospect"].key)
    match review.action:
        case ReviewAction.ACCEPT:
            changed = draft.model_copy(update={"status": DraftStatus.READY})
        case ReviewAction.EDIT:
            text = EmailText.model_validate(review.edited)
            report = check_email(text, case_of(runtime.context, state["prospect"], state["dossier"]))
            changed = draft.model_copy(update={"id": new_id(), **text.model_dump(), **outcome_of(report)})
        case _:
            changed = draft.model_copy(update={"status": DraftStatus.NEEDS_REVIEW})
    return {"draft": changed, "review": review.model_dump_json()}


async def after_review(state: ProspectState) -> Ending:
    """For a conditional edge behind the node."""
    return _ENDINGS[Review.model_validate_json(state["review"]).action]


def _review(answer: ReviewAnswer, draft: Draft, prospect: str) -> Review:
    """The record of what the person said. An edit that changed nothing accepts."""
    scope = current_scope()
    campaign = scope.campaign if scope else None
    item = Reviewable(draft.trace or draft.id, draft.text.model_dump(), campaign, prospect, draft=draft.id)
    match answer.action:
        case ReviewAction.ACCEPT:
            return accept(item, answer.reviewer, answer.comment)
        case ReviewAction.EDIT:
            changes = answer.model_dump(include={"subject", "body"}, exclude_none=True)
            return edit(item, answer.reviewer, draft.text.model_copy(update=changes), answer.comment)
        case ReviewAction.REJECT:
            return reject(item, answer.reviewer, answer.reason, answer.comment)


def _question(state: ProspectState) -> dict[str, Any]:
    """What the person is shown: plain JSON, so that any front end can show it."""
    draft = state["draft"]
    return {
        "prospect": state["prospect"].email,
        "subject": draft.subject,
        "body": draft.body,
        "evidence": [{"quote": item.quote, "url": item.where} for item in draft.evidence],
        "failed": [{"check": check.name.value, "reason": check.reason} for check in draft.failed_checks],
        "actions": [action.value for action in _ENDINGS],
    }

"""A node in which the graph waits for a person: accept, edit or reject the draft.

For those who compose graphs of their own, with a checkpointer. The node does nothing before its one interrupt, because
LangGraph runs it again from its beginning when the person has answered; what is to happen after belongs in a next node.
"""

from __future__ import annotations

from typing import Any, Literal

from langgraph.runtime import Runtime
from langgraph.types import interrupt
from pydantic import BaseModel, ConfigDict, Field

from miniatures.agents.context import CampaignContext
from miniatures.agents.state import ProspectState
from miniatures.agents.verify import case_of, check_email, outcome_of
from miniatures.datamodel.draft import Draft, DraftStatus, EmailText
from miniatures.datamodel.review import RejectReason, Review, ReviewAction
from miniatures.datamodel.trace import new_id
from miniatures.review.email_text import email_of
from miniatures.review.reviewing import Reviewable, accept, edit, reject

_OUTCOMES: dict[ReviewAction, Literal["accepted", "edited", "rejected"]] = {
    ReviewAction.ACCEPT: "accepted",
    ReviewAction.EDIT: "edited",
    ReviewAction.REJECT: "rejected",
}


class ReviewAnswer(BaseModel):
    """What a front end resumes the graph with, as it is or as a dictionary."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    action: Literal[ReviewAction.ACCEPT, ReviewAction.EDIT, ReviewAction.REJECT]
    subject: str | None = Field(default=None, description="The new subject of an edit; null keeps the old.")
    body: str | None = Field(default=None, description="The new body of an edit; null keeps the old.")
    reason: str = Field(default="", description="Of a rejection: one of the rubric's, or other words.")
    comment: str = ""
    reviewer: str = Field(default="unnamed", min_length=1)

    def review(self, item: Reviewable) -> Review:
        """The record of it. A reason that the rubric does not know stands in the comment.

        Raises:
            UnreadableEdit: an edit left the subject or the body empty.
        """
        known = self.reason in set(RejectReason)
        comment = self.comment if known else f"{self.reason}\n{self.comment}"
        match self.action:
            case ReviewAction.ACCEPT:
                return accept(item, self.reviewer, comment)
            case ReviewAction.EDIT:
                before = email_of(item.answer)
                text = EmailText(subject=self.subject or before.subject, body=self.body or before.body)
                return edit(item, self.reviewer, text, comment)
            case ReviewAction.REJECT:
                reason = RejectReason(self.reason) if known else RejectReason.OTHER
                return reject(item, self.reviewer, reason, comment)


async def human_review(state: ProspectState, runtime: Runtime[CampaignContext]) -> dict[str, Any]:
    """Wait for a `ReviewAnswer`, and keep its `Review` as JSON under `review`.

    Accepting makes the draft ready, whatever the checks said; an edited one has a name of its own and is checked again.

    Raises:
        pydantic.ValidationError: the graph was resumed with something that is no answer.
        UnreadableEdit: an edit left the subject or the body empty.
    """
    answer = ReviewAnswer.model_validate(interrupt(_question(state)))
    draft, key = state["draft"], state["prospect"].key
    item = Reviewable(draft.trace or draft.id, draft.text.model_dump(), prospect=key, draft=draft.id)
    review = answer.review(item)
    match review.action:
        case ReviewAction.ACCEPT:
            changed = draft.model_copy(update={"status": DraftStatus.READY})
        case ReviewAction.EDIT:
            changed = _edited(draft, email_of(review.edited or {}), state, runtime.context)
        case _:
            changed = draft.model_copy(update={"status": DraftStatus.NEEDS_REVIEW})
    return {"draft": changed, "review": review.model_dump_json()}


async def after_review(state: ProspectState) -> Literal["accepted", "edited", "rejected"]:
    """For a conditional edge behind the node."""
    return _OUTCOMES[Review.model_validate_json(state["review"]).action]


def _edited(draft: Draft, text: EmailText, state: ProspectState, context: CampaignContext) -> Draft:
    report = check_email(text, case_of(context, state["prospect"], state["dossier"]))
    return draft.model_copy(update={"id": new_id(), **text.model_dump(), **outcome_of(report)})


def _question(state: ProspectState) -> dict[str, Any]:
    """What the person is shown: plain JSON, so that any front end can show it."""
    draft = state["draft"]
    return {
        "prospect": state["prospect"].email,
        "subject": draft.subject,
        "body": draft.body,
        "evidence": [{"quote": item.quote, "url": item.where} for item in draft.evidence],
        "failed": [{"check": check.name.value, "reason": check.reason} for check in draft.failed_checks],
        "actions": [action.value for action in _OUTCOMES],
    }

"""A node in which the graph waits for a person: accept, edit or reject the draft.

For those who compose graphs of their own, with a checkpointer. The node does nothing before its one interrupt, because
LangGraph runs it again from its beginning when the person has answered; what is to happen after belongs in a next node.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Literal

from langgraph.runtime import Runtime
from langgraph.types import interrupt
from pydantic import BaseModel, ConfigDict, Field

from miniatures.agents.context import CampaignContext
from miniatures.agents.state import ProspectState
from miniatures.agents.verify import case_of, check_email, outcome_of
from miniatures.datamodel.draft import DraftStatus, EmailText


class ReviewAction(StrEnum):
    """What a person may do with a draft."""

    ACCEPT = "accept"
    EDIT = "edit"
    REJECT = "reject"


class Review(BaseModel):
    """A person's answer: the value to resume the graph with, as it is or as a dictionary."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    action: ReviewAction
    subject: str | None = Field(default=None, description="The new subject of an edit; null keeps the old.")
    body: str | None = Field(default=None, description="The new body of an edit; null keeps the old.")
    reason: str = ""


async def human_review(state: ProspectState, runtime: Runtime[CampaignContext]) -> dict[str, Any]:
    """Wait for a `Review`. Accepting makes the draft ready, whatever the checks said; an edit is checked again.

    Raises:
        pydantic.ValidationError: the graph was resumed with something that is no review.
    """
    answer = Review.model_validate(interrupt(_question(state)))
    draft = state["draft"]
    match answer.action:
        case ReviewAction.ACCEPT:
            changed = draft.model_copy(update={"status": DraftStatus.READY})
        case ReviewAction.REJECT:
            changed = draft.model_copy(update={"status": DraftStatus.NEEDS_REVIEW})
        case ReviewAction.EDIT:
            text = EmailText(subject=answer.subject or draft.subject, body=answer.body or draft.body)
            report = check_email(text, case_of(runtime.context, state["prospect"], state["dossier"]))
            changed = draft.model_copy(update={**text.model_dump(), **outcome_of(report)})
    return {"draft": changed, "review": answer.model_dump_json()}


async def after_review(state: ProspectState) -> Literal["accepted", "edited", "rejected"]:
    """For a conditional edge behind the node."""
    match Review.model_validate_json(state["review"]).action:
        case ReviewAction.ACCEPT:
            return "accepted"
        case ReviewAction.EDIT:
            return "edited"
        case ReviewAction.REJECT:
            return "rejected"


def _question(state: ProspectState) -> dict[str, Any]:
    """What the person is shown: plain JSON, so that any front end can show it."""
    draft = state["draft"]
    return {
        "prospect": state["prospect"].email,
        "subject": draft.subject,
        "body": draft.body,
        "evidence": [{"quote": item.quote, "url": item.url} for item in draft.evidence],
        "failed": [{"check": check.name.value, "reason": check.reason} for check in draft.failed_checks],
        "actions": [action.value for action in ReviewAction],
    }

"""Where each prospect of the list stands, once the list, the runs and the reviewers have been heard.

A run says what it made (`DraftStatus`); people then rule on it, and the list moves on. Listings, report and export show
this, so that they cannot disagree.
"""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from miniatures.datamodel.draft import Draft, EmailText
from miniatures.datamodel.frozen import Frozen
from miniatures.datamodel.prospect import Prospect
from miniatures.datamodel.result import ProspectResult


class State(StrEnum):
    """Each prospect is in exactly one; the order is that of the way to the outbox."""

    APPROVED = "approved"
    EDITED = "edited"
    READY = "ready"
    NEEDS_REVIEW = "needs_review"
    REJECTED = "rejected"
    NOTHING_FOUND = "nothing_found"
    BLOCKED = "blocked"
    FAILED = "failed"
    OVER_BUDGET = "over_budget"
    PENDING = "pending"
    CHANGED = "changed"
    REMOVED = "removed"


MEANINGS = {
    State.APPROVED: "a person accepted the draft as it is",
    State.EDITED: "a person put a text of their own in its place",
    State.READY: "passed the checks; nobody has read it yet",
    State.NEEDS_REVIEW: "a check did not pass, or a person's word on it cannot be read",
    State.REJECTED: "a person would not send it",
    State.NOTHING_FOUND: "nothing was found that is a reason to write",
    State.BLOCKED: "the pages or searches were refused",
    State.FAILED: "something went wrong; the reason says what",
    State.OVER_BUDGET: "the prospect's own budget ended the work",
    State.PENDING: "no run has reached it",
    State.CHANGED: "its row was changed after it was written; the next run does it again",
    State.REMOVED: "no longer on the list, or left out of it since, as whoever opted out",
}

TO_SEND = (State.APPROVED, State.EDITED, State.READY)
"""The states whose text may go out: the ready ones are to be read first."""


class Standing(Frozen):
    """One prospect, what became of it, and the text that stands."""

    prospect: Prospect = Field(description="As it was written to; as the list has it, if it was not.")
    state: State
    result: ProspectResult
    text: EmailText | None = Field(default=None, description="The approved or drafted text; null if none may stand.")
    review: str = Field(default="", description="What people said of the draft, in a few words.")
    reason: str = Field(default="", description="Why it stands there, in one line; empty if the state says it all.")

    @property
    def draft(self) -> Draft | None:
        """The model's own draft, whatever people made of it."""
        return self.result.draft

"""Where each email stands, once the list, the runs, the reviewers, the outbox and the mailboxes have been heard.

A run says what it made (`DraftStatus`), people rule on it, the list moves on, the outbox lets it leave
(`MessageState`), and something comes back. Listings, report, export and the app show this one word, so that they cannot
disagree.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pydantic import Field

from miniatures.datamodel.draft import Draft, EmailText
from miniatures.datamodel.frozen import Frozen
from miniatures.datamodel.prospect import Prospect
from miniatures.datamodel.result import ProspectResult


class State(StrEnum):
    """Each email is in exactly one; what came farthest stands first."""

    REPLIED = "replied"
    UNSUBSCRIBED = "unsubscribed"
    COMPLAINED = "complained"
    BOUNCED = "bounced"
    GONE = "gone"
    SENT = "sent"
    UNCERTAIN = "uncertain"
    LEAVING = "leaving"
    QUEUED = "queued"
    REFUSED = "refused"
    SUPPRESSED = "suppressed"
    CANCELLED = "cancelled"
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

    @property
    def has_left(self) -> bool:
        """Whether it is out of people's hands: a server has it, may have it, or is being given it."""
        return self in _LEFT

    @property
    def is_settled(self) -> bool:
        """Whether no decision about its text changes what becomes of it: it has left, or will not."""
        return self.has_left or self in (State.REFUSED, State.SUPPRESSED, State.CANCELLED)


MEANINGS = {
    State.REPLIED: "it was sent, and they answered",
    State.UNSUBSCRIBED: "it was sent, and they want no more",
    State.COMPLAINED: "it was sent, and they reported it as spam",
    State.BOUNCED: "it was sent, and came back as undeliverable",
    State.GONE: "it was sent, and an automatic answer says that they are there no more",
    State.SENT: "a server took it; they have not answered so far",
    State.UNCERTAIN: "it may have left, and is not sent again by itself",
    State.LEAVING: "it is being sent just now",
    State.QUEUED: "it waits in the outbox for its turn",
    State.REFUSED: "the server refused it for good, so it was not sent",
    State.SUPPRESSED: "the address is on the list of those who are never written to",
    State.CANCELLED: "it was approved and does not leave; the reason says why",
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

MAILED = tuple(State)[: tuple(State).index(State.APPROVED)]
"""The states of emails that the outbox or the list of who wants no mail has an answer about."""
APPROVED = (State.APPROVED, State.EDITED)
"""The states whose text a person said yes to."""
TO_SEND = (*APPROVED, State.READY)
"""The states whose text may go out: the ready ones are to be read first."""

_CAME_BACK = {
    State.REPLIED: "they answered",
    State.UNSUBSCRIBED: "they opted out",
    State.COMPLAINED: "they reported it as spam",
    State.BOUNCED: "it came back",
    State.GONE: "they are there no more",
}
_KEPT_BACK = {
    State.UNCERTAIN: "it may have left",
    State.REFUSED: "the server refused it",
    State.CANCELLED: "it does not leave",
    State.QUEUED: "in the outbox",
}
_LEFT = frozenset({*_CAME_BACK, State.SENT, State.UNCERTAIN, State.LEAVING})


@dataclass(frozen=True, slots=True)
class Dispatch:
    """What became of an email on its way out, or what keeps it from leaving."""

    state: State
    at: datetime | None = None
    """When something came back; of a queued one, when it is due."""
    sent_at: datetime | None = None
    detail: str = ""
    """The class of an answer, a server's words, why it was taken back."""
    decisions: int | None = None
    """Of one that another decision changes: how many about the prospect's drafts are known."""

    @property
    def told(self) -> str:
        """The same in a line."""
        sent = f"sent on {_moment(self.sent_at)}" if self.sent_at else "sent"
        if self.state in _CAME_BACK:
            when = f" on {_moment(self.at)}" if self.at else ""
            return f"{sent}; {_CAME_BACK[self.state]}{when}{self._detailed}"
        if self.state is State.SENT:
            return f"{sent}{self._detailed}"
        if self.state is State.QUEUED and self.at:
            return f"{_KEPT_BACK[self.state]}, due on {_moment(self.at)}"
        return f"{_KEPT_BACK.get(self.state, MEANINGS[self.state])}{self._detailed}"

    @property
    def _detailed(self) -> str:
        return f": {self.detail}" if self.detail else ""

    def stands(self, decisions: int) -> bool:
        """Whether it still does, if so many decisions about the prospect's drafts are known by now."""
        return self.decisions is None or self.decisions == decisions


def _moment(when: datetime) -> str:
    return f"{when:%Y-%m-%d %H:%M} UTC"


class Standing(Frozen):
    """One prospect, what became of an email to them, and the text that stands."""

    prospect: Prospect = Field(description="As it was written to; as the list has it, if it was not.")
    state: State
    result: ProspectResult
    text: EmailText | None = Field(default=None, description="The approved or drafted text; null if none may stand.")
    review: str = Field(default="", description="What people said of the draft, in a few words.")
    reason: str = Field(default="", description="Why it stands there, in one line; empty if the state says it all.")
    is_listed: bool = Field(default=True, description="Whether the list still has the prospect, not opted out.")
    dispatch: Dispatch | None = Field(default=None, description="What became of it on its way out, if it came so far.")

    @property
    def draft(self) -> Draft | None:
        """The model's own draft, whatever people made of it."""
        return self.result.draft

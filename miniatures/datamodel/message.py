"""One email on its way out: who it is to, the text that was approved, and how far it came.

There is one row for each prospect and step, so nobody can be sent the same step twice. What a server said is kept word
for word; whether a message can have left decides between `rejected` and `uncertain`, and nothing else does.
"""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from miniatures.datamodel.frozen import Frozen
from miniatures.datamodel.moment import Moment
from miniatures.datamodel.trace import new_id


class MessageState(StrEnum):
    """Where an email stands; the state moves when a server answered, never when a row was fetched."""

    QUEUED = "queued"
    CLAIMED = "claimed"
    """A sender has it; nothing of it can have left."""
    SENDING = "sending"
    """Its text is about to go over the wire, or does."""
    ACCEPTED = "accepted"
    """The server took it over."""
    REJECTED = "rejected"
    """The server refused it for good, or it may not be sent."""
    UNCERTAIN = "uncertain"
    """It may have left: it is looked up, or a person decides; it is never sent again by itself."""
    CANCELLED = "cancelled"
    """It was taken back before it left: an opt-out, a reply, a withdrawn approval."""

    @property
    def is_final(self) -> bool:
        return self in (MessageState.ACCEPTED, MessageState.REJECTED, MessageState.CANCELLED)


MAY_HAVE_LEFT = (MessageState.SENDING, MessageState.ACCEPTED, MessageState.UNCERTAIN)
"""The states of emails that are out of our hands."""


class CancelReason(StrEnum):
    """Why an email that was queued was not sent."""

    SUPPRESSED = "suppressed"
    REPLIED = "replied"
    BOUNCED = "bounced"
    """Of a follow-up: an email before it came back."""
    DECIDED_ANEW = "decided_anew"
    """Somebody decided about the prospect's draft after it was queued."""
    ARM_STOPPED = "arm_stopped"
    BY_HAND = "by_hand"


class ServerReply(Frozen):
    """What a server said, and at which step of the conversation: connect, tls, login, mail, rcpt, data."""

    stage: str
    code: int | None = Field(default=None, description="SMTP reply code; null where the connection was lost.")
    text: str = ""
    enhanced: str = Field(default="", description="Enhanced status code (RFC 3463), such as 5.1.1.")

    @property
    def words(self) -> str:
        """What was said, on one line, its code first."""
        return " ".join(str(part) for part in (self.code, self.text) if part)

    @property
    def line(self) -> str:
        """The same after the step of the conversation."""
        return f"{self.stage} {self.words}".strip()


class Message(Frozen):
    """One email to one prospect. `id` is its token in links and addresses; it says nothing of anybody."""

    id: str = Field(default_factory=new_id)
    campaign: str
    prospect: str = Field(description="Key.")
    step: int = Field(default=0, ge=0, description="0 for the first email, then the follow-ups.")
    address: str = Field(description="To whom.")
    name: str = ""
    company: str = Field(description="Key of the company, as arms are assigned by.")
    country: str = ""
    timezone: str = Field(default="", description="The recipient's, where it is known.")
    arm: str = ""
    policy: str = ""
    draft: str
    text_hash: str = Field(description="Of exactly the text that was approved.")
    subject: str
    body: str
    links: tuple[str, ...] = Field(
        default=(), description="Where each link of the text leads, in its order, by the brief when it was queued."
    )
    approved_by: str = Field(description="Who approved it, or the stated risk, such as `risk 0.02`.")
    mailbox: str = Field(description="Key of the mailbox that it leaves by.")
    provider: str = Field(description="Who takes the recipient's mail, for pace.")


class OutboxRow(Frozen):
    """A message with all that became of it."""

    message: Message
    state: MessageState
    due_at: Moment
    attempts: int = 0
    sender: str | None = Field(default=None, description="The sending process that has it.")
    message_id: str | None = Field(default=None, description="Of the frozen bytes, with its angle brackets.")
    mime: bytes | None = Field(default=None, description="The very bytes that are sent, frozen before the first try.")
    answer: ServerReply | None = None
    why: str = Field(default="", description="Why it was cancelled or decided by hand.")
    queued_at: Moment
    sent_at: Moment | None = Field(default=None, description="When the server took it.")

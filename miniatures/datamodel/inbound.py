"""What came back to a mailbox, and what it is: told by headers first, then by words."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from pydantic import Field

from miniatures.datamodel.frozen import Frozen
from miniatures.datamodel.moment import Moment
from miniatures.datamodel.trace import new_id


class InboundKind(StrEnum):
    """What it is, in the order in which that is looked for."""

    OWN = "own"
    """The sender's own mail: a follow-up, or a copy of it. It is no reply."""
    BOUNCE = "bounce"
    """A delivery report that says the email did not and will not arrive."""
    DELAY = "delay"
    """A delivery report that says the server still tries."""
    DELIVERED = "delivered"
    """A delivery report of success."""
    COMPLAINT = "complaint"
    """A feedback report (ARF, RFC 5965): somebody pressed `spam`."""
    OUT_OF_OFFICE = "out_of_office"
    """An automatic answer: the person is away, until a day that it may name."""
    GONE = "gone"
    """An automatic answer: the person has left, or the mailbox is closed."""
    OPT_OUT = "opt_out"
    """A person, or their mail program for them, asks to be written to no more."""
    REFERRAL = "referral"
    """A person names somebody else to write to."""
    REPLY = "reply"
    """A person's answer."""
    AUTOMATIC = "automatic"
    """Any other automatic answer, such as a ticket's number."""
    UNMATCHED = "unmatched"
    """It belongs to no email of ours; of what is private, nothing is kept."""

    @property
    def is_of_a_person(self) -> bool:
        """Whether somebody wrote it to be read."""
        return self in (InboundKind.OPT_OUT, InboundKind.REFERRAL, InboundKind.REPLY)


class ReplyClass(StrEnum):
    """What a person's answer means for the campaign."""

    POSITIVE = "positive"
    NEUTRAL = "neutral"
    NEGATIVE = "negative"
    WRONG_PERSON = "wrong_person"
    OPT_OUT = "opt_out"
    OUT_OF_OFFICE = "out_of_office"


class MatchedBy(StrEnum):
    """How an email that came back was tied to one that had left, the surest first."""

    VERP_TOKEN = "verp_token"
    ENVELOPE_ID = "envelope_id"
    MESSAGE_ID = "message_id"
    REFERENCES = "references"
    ADDRESS = "address"
    """Only the address is known: the newest email to it. It proves nothing but what that person wants."""


BY_WORDS = "words"
"""Who classified a reply that asks, in so many words, to be left alone."""


class Inbound(Frozen):
    """One email that came back."""

    id: str = Field(default_factory=new_id)
    campaign: str = ""
    prospect: str | None = Field(default=None, description="Key of whoever the matched email was to.")
    message: str | None = Field(default=None, description="Id of the email that it answers.")
    matched_by: MatchedBy | None = None
    mailbox: str = Field(description="Account that it came to: who logs in where, or the path of a maildir.")
    message_id: str = Field(default="", description="Its own, or a hash of its bytes: one mail is taken in once.")
    kind: InboundKind
    received_at: Moment
    sender: str = ""
    subject: str = ""
    text: str = Field(default="", description="What was written, without quoted mail and signature.")
    status: str = Field(default="", description="Enhanced status code of a delivery report, such as 5.1.1.")
    diagnostic: str = Field(default="", description="What the reporting server said.")
    policy_rejection: bool = Field(default=False, description="The server refuses the sender, not the recipient.")
    no_such_address: bool = Field(default=False, description="The address takes no mail for good.")
    back_on: date | None = Field(default=None, description="The day that an out-of-office note names.")
    refers_to: str = Field(default="", description="Address of whoever is named instead.")
    reply_class: ReplyClass | None = Field(default=None, description="Of a person's answer.")
    classified_by: str = Field(default="", description="A backend's identity, or the person who corrected it.")
    trace: str | None = Field(default=None, description="The model call that classified it.")

    @property
    def is_corrected(self) -> bool:
        """Whether its class is a person's word: an identity of a backend has a colon, which no name of a person has."""
        return bool(self.classified_by) and self.classified_by != BY_WORDS and ":" not in self.classified_by

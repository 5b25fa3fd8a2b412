"""What a person said of one draft or example: target, preference pair, judge label and edit distance in one record."""

from __future__ import annotations

import operator
from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Literal

from pydantic import Field, model_validator

from miniatures.datamodel.check import CheckName
from miniatures.datamodel.frozen import Frozen, Strict
from miniatures.datamodel.json_types import StructuredAnswer
from miniatures.datamodel.moment import Moment
from miniatures.datamodel.trace import new_id


class ReviewAction(StrEnum):
    """What a reviewer did."""

    ACCEPT = "accept"
    EDIT = "edit"
    REJECT = "reject"
    COMPARE = "compare"
    READ = "read"
    REWRITE = "rewrite"
    """Wants it written again, with a hint: the text that was shown is not sent."""
    SET_ASIDE = "set_aside"
    """Decides later."""
    WITHDRAW = "withdraw"
    """Takes back what the reviewer decided about this draft before."""

    @property
    def judges(self) -> bool:
        """Whether it decides about one answer by itself; comparisons and readings do not."""
        return self in (ReviewAction.ACCEPT, ReviewAction.EDIT, ReviewAction.REJECT)

    @property
    def settles(self) -> bool:
        """Whether the draft waits no longer for whoever did it."""
        return self.judges or self is ReviewAction.REWRITE


class RejectReason(StrEnum):
    """Why a reviewer rejected an answer; the rubric says what each means."""

    UNSUPPORTED = "unsupported"
    WRONG_FACT_CHOSEN = "wrong_fact_chosen"
    TACTLESS = "tactless"
    GENERIC = "generic"
    NO_BRIDGE = "no_bridge"
    WRONG_TONE = "wrong_tone"
    CLUMSY = "clumsy"
    WRONG_ASK = "wrong_ask"
    OTHER = "other"


class Preference(StrEnum):
    """The outcome of a comparison, named by the answers themselves and never by where they stood on the screen."""

    FIRST = "first"
    SECOND = "second"
    TIE = "tie"


class ReadingVerdict(StrEnum):
    """What a reader would do with an email: send it as it stands, mend a few words, or not send it."""

    SEND = "send"
    EDIT = "edit"
    REJECT = "reject"


class Falsehood(StrEnum):
    """What is false about a statement that the pages do not support."""

    WRONG_OWNER = "wrong_owner"
    STALE = "stale"
    WRONG_JOIN = "wrong_join"
    DISTORTED = "distorted"
    INVENTED = "invented"
    ABOUT_OFFER = "about_offer"


Choice = Literal["good", "fair", "poor"]
"""How good a piece of news is as the reason to write to its reader, the best first."""


class FalseStatement(Frozen):
    """One statement of an email, its subject included, that is not true."""

    kind: Falsehood
    what: str = Field(description="The words, and what is true instead.")


class Reading(Frozen):
    """What somebody found who had all pages and the offer at hand, and knew nothing of the system."""

    verdict: ReadingVerdict
    false: tuple[FalseStatement, ...] = ()
    tactless: bool = Field(default=False, description="It uses bad or private news, or embarrasses the sender.")
    sense: Literal["ok", "weak", "nonsense"] = "ok"
    subject: Literal["ok", "odd", "absurd"] = "ok"
    choice: Choice = Field(default="good", description="Of the fact that it opens with.")


class Review(Frozen):
    """One action of one reviewer on one answer, or on two in a comparison."""

    id: str = Field(default_factory=new_id)
    reviewer: str = Field(min_length=1)
    campaign: str | None = Field(default=None, description="Null for an example that no campaign wrote.")
    prospect: str | None = Field(default=None, description="Pseudonym key.")
    step: int = Field(default=0, exclude_if=operator.not_, description="Of the email that was reviewed; 0: the first.")
    role: str = "writer"
    trace: str = Field(description="The trace, the example, or a draft that no call wrote, whose answer was reviewed.")
    draft: str | None = Field(default=None, description="The draft whose text was reviewed, if it was one.")
    action: ReviewAction
    answer: StructuredAnswer = Field(description="The model's answer as it stood; kept until it is erased.")
    edited: StructuredAnswer | None = Field(default=None, description="The reviewer's own version, after an edit.")
    reason: RejectReason | None = None
    comment: str = ""
    other_trace: str | None = Field(default=None, description="The second answer's trace, in a comparison.")
    other_answer: StructuredAnswer | None = None
    preference: Preference | None = None
    reading: Reading | None = None
    swapped: bool = Field(default=False, description="Whether the second answer was shown first.")
    edit_distance: float | None = Field(default=None, description="Share of the text that an edit changed, 0 to 1.")
    rubric: str = Field(default="", description="Hash of the rubric that was read.")
    unread: bool = Field(
        default=False,
        exclude_if=operator.not_,
        description="Accepted with many others, without being read: it may go out, and teaches nothing.",
    )
    overruled: tuple[CheckName, ...] = Field(
        default=(),
        exclude_if=operator.not_,
        description="The checks that an edit does not pass, and that its reviewer approved it in spite of.",
    )
    seconds: float | None = Field(
        default=None,
        ge=0,
        exclude_if=lambda seconds: seconds is None,
        description="How long the reviewer had it before them; null where nobody measured.",
    )
    created_at: Moment = Field(default_factory=lambda: datetime.now(UTC))

    @model_validator(mode="after")
    def _complete(self) -> Review:
        match self.action:
            case ReviewAction.EDIT if self.edited is None:
                raise ValueError("an edit needs the edited answer")
            case ReviewAction.REJECT if self.reason is None:
                raise ValueError(f"a rejection needs a reason: {', '.join(RejectReason)}")
            case ReviewAction.COMPARE if self.other_answer is None or self.preference is None:
                raise ValueError("a comparison needs the other answer and a preference")
            case ReviewAction.REWRITE if not self.comment:
                raise ValueError("a wish for a rewrite needs a hint: what is to become different")
            case ReviewAction.READ if self.reading is None:
                raise ValueError("a reading says what was found")
        return self

    @property
    def judges(self) -> bool:
        """Whether it decides about one answer by itself."""
        return self.action.judges

    @property
    def teaches(self) -> bool:
        """Whether it is a person's judgement of what they read."""
        return self.judges and not self.unread

    @property
    def target(self) -> StructuredAnswer | None:
        """The answer to train on; null when the reviewer stands behind none."""
        return self._preferred[0]

    @property
    def preferred_over(self) -> StructuredAnswer | None:
        """The answer that `target` was preferred to; null after a tie, or an edit that changed nothing."""
        return self._preferred[1]

    @property
    def _preferred(self) -> tuple[StructuredAnswer | None, StructuredAnswer | None]:
        match self.action, self.preference:
            case ReviewAction.ACCEPT, _:
                return self.answer, None
            case ReviewAction.EDIT, _:
                return self.edited, self.answer if self.answer != self.edited else None
            case ReviewAction.COMPARE, Preference.FIRST:
                return self.answer, self.other_answer
            case ReviewAction.COMPARE, Preference.SECOND:
                return self.other_answer, self.answer
            case _:
                return None, None


class ReviewAnswer(Strict):
    """What a person says to the question: the value to resume the graph with, as it is or as a dictionary."""

    action: Literal[ReviewAction.ACCEPT, ReviewAction.EDIT, ReviewAction.REJECT]
    reviewer: str = Field(min_length=1)
    subject: str | None = Field(default=None, description="The new subject of an edit; null keeps the old.")
    body: str | None = Field(default=None, description="The new body of an edit; null keeps the old.")
    reason: RejectReason = RejectReason.OTHER
    comment: str = ""


def in_order(reviews: Iterable[Review]) -> list[Review]:
    """The reviews as they were made."""
    return sorted(reviews, key=lambda review: (review.created_at, review.id))


def that_stand(reviews: Iterable[Review]) -> list[Review]:
    """The reviews as they were made, without those that their reviewers took back, and without the taking back."""
    taken_back: set[tuple[str, str | None]] = set()
    standing: list[Review] = []
    for review in reversed(in_order(reviews)):
        by = review.reviewer, review.draft
        if review.action is ReviewAction.WITHDRAW:
            taken_back.add(by)
        elif not (by in taken_back and _can_be_taken_back(review.action)):
            standing.append(review)
    return standing[::-1]


def _can_be_taken_back(action: ReviewAction) -> bool:
    return action.settles or action is ReviewAction.SET_ASIDE


class Approval(Frozen):
    """A person's yes to exactly one text: delivery obeys nothing else."""

    draft: str = Field(description="The draft's id.")
    text_hash: str = Field(description="Hash of the subject and body that were approved, the reviewer's own if edited.")
    reviewer: str
    review: str = Field(description="The review that says so.")
    approved_at: Moment

"""Which texts a person stands behind word for word: the one thing that delivery obeys.

Of each reviewer the last word on a draft counts. Any rejection among these withdraws what others approved, as in
`rulings.py`, and so does a reader who would not send the email, until that reader accepts or edits it: a milder reading
takes nothing back. Of several approvals the newest edit stands, else the newest acceptance: who accepts a draft does
not undo what somebody else mended in it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass

from pydantic import ValidationError

from miniatures.datamodel.draft import Draft, EmailText
from miniatures.datamodel.hashing import content_hash
from miniatures.datamodel.json_types import StructuredAnswer
from miniatures.datamodel.review import Approval, ReadingVerdict, Review, ReviewAction, in_order, that_stand
from miniatures.datamodel.standing import State
from miniatures.review.email_text import email_of


@dataclass(frozen=True)
class Decision:
    """What the reviewers' last words on one draft come to: refusals, else the approval that stands, if any."""

    refusals: tuple[Review, ...] = ()
    approving: Review | None = None

    @property
    def state(self) -> State | None:
        """Where that puts the draft; None if nobody decided anything. What was only sent back is to be read again."""
        if self.refusals:
            rewritten = all(review.action is ReviewAction.REWRITE for review in self.refusals)
            return State.NEEDS_REVIEW if rewritten else State.REJECTED
        if self.approving is None:
            return None
        return State.EDITED if self.approving.action is ReviewAction.EDIT else State.APPROVED

    @property
    def approved_text(self) -> EmailText | None:
        """The very text that was approved: the draft's, or the reviewer's own."""
        return email_of(self.approving.target) if self.approving and self.approving.target else None


class Decisions:
    """The reviewers' words on drafts. What was said of a text holds for the same text to the same prospect again."""

    def __init__(self, reviews: Iterable[Review]) -> None:
        self._said: dict[Hashable, list[Review]] = defaultdict(list)
        self._last_to: dict[tuple[str, int], dict[str, Review]] = defaultdict(dict)
        for review in that_stand(reviews):
            if review.draft is not None and (review.judges or _refuses(review)):
                self._said[review.draft].append(review)
                if text := _hash(review.answer):
                    self._said[review.prospect, text].append(review)
            if review.draft is not None and review.prospect and review.judges:
                self._last_to[review.prospect, review.step][review.reviewer] = review

    def on(self, draft: Draft, prospect: str | None = None) -> Decision:
        """What stands of a draft that was written to this prospect (by key), or to somebody who is not known.

        What was said of another text than the draft's own approves nothing.
        """
        return self.on_text(draft.id, draft.text_hash, prospect)

    def on_text(self, draft: str, text_hash: str, prospect: str | None = None) -> Decision:
        """The same, of a draft (by id) whose text has this hash."""
        again = self._said.get((prospect, text_hash), []) if prospect else []
        said = {review.id: review for review in (*self._said.get(draft, []), *again)}
        words = in_order({review.reviewer: review for review in in_order(said.values())}.values())
        refusals = tuple(filter(_refuses, words))
        approving = [review for review in words if is_of_an_email(review) and _hash(review.answer) == text_hash]
        approving = [review for review in approving if review.target]
        edits = [review for review in approving if review.action is ReviewAction.EDIT]
        standing = edits or approving
        return Decision(refusals, standing[-1] if standing and not refusals else None)

    def judged(self, reviewer: str, prospect: str, text_hash: str) -> bool:
        """Whether this reviewer has judged exactly this text to this prospect (by key), whichever draft held it."""
        return any(
            review.judges and review.reviewer == reviewer for review in self._said.get((prospect, text_hash), ())
        )

    def edit_of(self, draft: Draft, prospect: str | None, step: int = 0) -> Review | None:
        """The edit that a reader of this draft must know of: the one that stands, else the newest of an earlier draft
        of the same step.

        Not one whose author has judged another draft to this prospect since, nor one whose words the draft has.
        """
        approving = self.on(draft, prospect).approving
        last = in_order(self._last_to.get((prospect or "", step), {}).values())
        edits = [review for review in (*last, approving) if review and review.action is ReviewAction.EDIT]
        newest = edits[-1] if edits else None
        return newest if newest and _hash(newest.target) not in ("", draft.text_hash) else None


def approvals(reviews: Iterable[Review], drafts: Iterable[Draft]) -> dict[str, Approval]:
    """The approvals that stand, by draft."""
    decisions = Decisions(reviews)
    found = ((draft, decisions.on(draft).approving) for draft in drafts)
    return {draft.id: _approval(draft, review) for draft, review in found if review is not None}


def _approval(draft: Draft, review: Review) -> Approval:
    return Approval(
        draft=draft.id,
        text_hash=_hash(review.target),
        reviewer=review.reviewer,
        review=review.id,
        approved_at=review.created_at,
    )


def _refuses(review: Review) -> bool:
    read = review.reading is not None and review.reading.verdict is ReadingVerdict.REJECT
    return read or review.action in (ReviewAction.REJECT, ReviewAction.REWRITE)


def is_of_an_email(review: Review) -> bool:
    """Whether what was reviewed is an email, and what the reviewer made of it as well."""
    return all(_hash(answer) for answer in (review.answer, review.target) if answer is not None)


def _hash(answer: StructuredAnswer | None) -> str:
    """The text's hash; empty if the answer is no email, or one that says nothing."""
    try:
        email = email_of(answer or {})
    except ValidationError:
        return ""
    return content_hash(email) if email.subject.strip() and email.body.strip() else ""

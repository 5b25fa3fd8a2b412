"""Which texts a person stands behind word for word: the one thing that delivery obeys.

Of each reviewer the last word on a draft counts. Any rejection among these withdraws what others approved, as in
`rulings.py`, and so does a reader who would not send the email, until that reader accepts or edits it: a milder reading
takes nothing back. Of several approvals the newest stands.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from miniatures.datamodel.draft import Draft
from miniatures.datamodel.hashing import content_hash
from miniatures.datamodel.json_types import StructuredAnswer
from miniatures.datamodel.review import Approval, ReadingVerdict, Review, ReviewAction, in_order
from miniatures.review.email_text import email_of


def approvals(reviews: Iterable[Review], drafts: Iterable[Draft]) -> dict[str, Approval]:
    """The approvals that stand, by draft. What was said of another text than the draft's own approves nothing."""
    said: dict[str | None, dict[str, Review]] = defaultdict(dict)
    for review in in_order(reviews):
        if review.judges or _refuses(review):
            said[review.draft][review.reviewer] = review
    found = (_approval(draft, in_order(said[draft.id].values())) for draft in drafts if draft.id in said)
    return {approval.draft: approval for approval in found if approval is not None}


def _approval(draft: Draft, last_words: list[Review]) -> Approval | None:
    approving = [review for review in last_words if review.target and _hash(review.answer) == draft.text_hash]
    if not approving or any(map(_refuses, last_words)):
        return None
    newest = approving[-1]
    return Approval(
        draft=draft.id,
        text_hash=_hash(newest.target or {}),
        reviewer=newest.reviewer,
        review=newest.id,
        approved_at=newest.created_at,
    )


def _refuses(review: Review) -> bool:
    read = review.reading is not None and review.reading.verdict is ReadingVerdict.REJECT
    return read or review.action is ReviewAction.REJECT


def _hash(answer: StructuredAnswer) -> str:
    return content_hash(email_of(answer))

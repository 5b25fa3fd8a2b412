"""Which texts a person stands behind word for word: the one thing that delivery obeys.

Of each reviewer the last word on a draft counts. Any rejection among these withdraws what others approved, as in
`rulings.py`, and so does a reader who would not send the email. Of several approvals the newest stands.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from miniatures.datamodel.draft import Draft
from miniatures.datamodel.hashing import content_hash
from miniatures.datamodel.review import Approval, ReadingVerdict, Review, ReviewAction
from miniatures.review.email_text import email_of


def approvals(reviews: Iterable[Review], drafts: Iterable[Draft]) -> dict[str, Approval]:
    """The approvals that stand, by draft. One of another text than the draft's own is none."""
    said: dict[str | None, dict[str, Review]] = defaultdict(dict)
    for review in in_order(reviews):
        if review.judges or _refuses(review):
            said[review.draft][review.reviewer] = review
    return {approval.draft: approval for draft in drafts for approval in _of(draft, said[draft.id].values())}


def in_order(reviews: Iterable[Review]) -> list[Review]:
    """The reviews as they were made."""
    return sorted(reviews, key=lambda review: (review.created_at, review.id))


def _of(draft: Draft, last_words: Iterable[Review]) -> Iterator[Approval]:
    words = in_order(last_words)
    if not words or any(map(_refuses, words)):
        return
    newest = words[-1]
    if newest.target is not None and _hash(newest.answer) == draft.text_hash:
        yield Approval(
            draft=draft.id,
            text_hash=_hash(newest.target),
            reviewer=newest.reviewer,
            review=newest.id,
            approved_at=newest.created_at,
        )


def _refuses(review: Review) -> bool:
    read = review.reading is not None and review.reading.verdict is ReadingVerdict.REJECT
    return read or review.action is ReviewAction.REJECT


def _hash(answer: dict[str, object]) -> str:
    return content_hash(email_of(answer))

"""Makes reviews: every reviewer, in the terminal, in the browser or in a graph, says the same thing in the same record.

Pure functions of what was reviewed and what the person said; keeping the review is the store's.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from miniatures.datamodel.draft import EmailText
from miniatures.datamodel.json_types import StructuredAnswer
from miniatures.datamodel.review import Preference, Reading, RejectReason, Review, ReviewAction
from miniatures.review.edit_distance import edit_distance
from miniatures.review.email_text import email_of, normal, require_whole, to_text
from miniatures.review.rubric import reading_rubric_version, rubric_version


@dataclass(frozen=True)
class Reviewable:
    """One answer that a person may judge. `prospect` is the pseudonym key; `trace` the call or example it came from,
    and `draft` the draft that it is, if it is one; `step` is 0 but for follow-ups.
    """

    trace: str
    answer: StructuredAnswer
    campaign: str | None = None
    prospect: str | None = None
    role: str = "writer"
    draft: str | None = None
    step: int = 0


class Shown(StrEnum):
    """What a person says of two answers on a screen, by where they stand."""

    LEFT = "left"
    RIGHT = "right"
    TIE = "tie"


def accept(item: Reviewable, reviewer: str, comment: str = "") -> Review:
    """The reviewer would send it as it stands."""
    return Review(**_about(item, reviewer, comment), action=ReviewAction.ACCEPT)


def edit(item: Reviewable, reviewer: str, edited: EmailText, comment: str = "") -> Review:
    """The reviewer would send their own version of this email; one that changes nothing is an acceptance.

    Raises:
        UnreadableEdit: the new subject or body is empty.
    """
    before, after = normal(email_of(item.answer)), require_whole(edited)
    if after == before:
        return accept(item, reviewer, comment)
    return Review(
        **_about(item, reviewer, comment),
        action=ReviewAction.EDIT,
        edited=after.model_dump(),
        edit_distance=edit_distance(to_text(before), to_text(after)),
    )


def reject(item: Reviewable, reviewer: str, reason: RejectReason, comment: str = "") -> Review:
    """The reviewer would not send it, for this reason."""
    return Review(**_about(item, reviewer, comment), action=ReviewAction.REJECT, reason=reason)


def rewrite(item: Reviewable, reviewer: str, hint: str) -> Review:
    """The reviewer wants another text, which the hint says more of."""
    return Review(**_about(item, reviewer, hint), action=ReviewAction.REWRITE)


def set_aside(item: Reviewable, reviewer: str, comment: str = "") -> Review:
    """The reviewer decides later."""
    return Review(**_about(item, reviewer, comment), action=ReviewAction.SET_ASIDE)


def withdraw(item: Reviewable, reviewer: str) -> Review:
    """The reviewer takes back what they decided about this draft."""
    return Review(**_about(item, reviewer, ""), action=ReviewAction.WITHDRAW)


def read(item: Reviewable, reviewer: str, reading: Reading, comment: str = "") -> Review:
    """What the reader found, who was shown all pages."""
    about = _about(item, reviewer, comment) | {"rubric": reading_rubric_version()}
    return Review(**about, action=ReviewAction.READ, reading=reading)


def is_swapped(first: Reviewable, second: Reviewable, reviewer: str, seed: int = 0) -> bool:
    """Whether this reviewer is shown the second answer on the left: a coin whose fall the seed fixes."""
    return random.Random(f"{seed} {reviewer} {first.trace} {second.trace}").random() < 0.5


def compare(
    first: Reviewable, second: Reviewable, reviewer: str, choice: Shown, *, swapped: bool, comment: str = ""
) -> Review:
    """The reviewer's choice, mapped from where the answers stood back to the answers."""
    return Review(
        **_about(first, reviewer, comment),
        action=ReviewAction.COMPARE,
        other_trace=second.trace,
        other_answer=second.answer,
        preference=_preference(choice, swapped),
        swapped=swapped,
    )


def _preference(choice: Shown, swapped: bool) -> Preference:
    if choice is Shown.TIE:
        return Preference.TIE
    return Preference.SECOND if (choice is Shown.LEFT) == swapped else Preference.FIRST


def _about(item: Reviewable, reviewer: str, comment: str) -> dict[str, Any]:
    return {
        "reviewer": reviewer,
        "campaign": item.campaign,
        "prospect": item.prospect,
        "step": item.step,
        "role": item.role,
        "trace": item.trace,
        "draft": item.draft,
        "answer": item.answer,
        "comment": comment.strip(),
        "rubric": rubric_version(),
    }

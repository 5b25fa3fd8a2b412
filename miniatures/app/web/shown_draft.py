"""A draft as it lies before a reviewer, with all that is known of it: what the pages of a draft begin with."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from starlette.requests import Request

from miniatures.app.door import Refused
from miniatures.app.web.desks import OpenDesk
from miniatures.app.web.site import site_of
from miniatures.datamodel.draft import EmailText
from miniatures.datamodel.review import Review
from miniatures.datamodel.standing import Standing, State
from miniatures.delivery.standing import by_now
from miniatures.review.approvals import Decisions
from miniatures.review.desk import Desk
from miniatures.review.desk_item import DeskItem
from miniatures.review.queue import DraftToReview, draft_to_review
from miniatures.store.store import Store


@dataclass(frozen=True)
class Shown:
    """A draft as it lies before a reviewer."""

    opened: OpenDesk
    desk: Desk
    item: DeskItem
    waiting: DraftToReview
    reviews: tuple[Review, ...]
    decisions: int
    """How many decisions about the draft are kept, those that cannot be read included."""
    standing: Standing | None = None
    """Where its email stands, and which text left, if one did; None for a draft to nobody."""

    @property
    def has_left(self) -> bool:
        """Whether nothing more can be decided about it."""
        return self.stands.has_left

    @property
    def stands(self) -> State:
        """Where it stands by now."""
        return self.standing.state if self.standing else self.item.state

    @property
    def other_text(self) -> EmailText | None:
        """What goes out, or left, in the place of the draft; None if it is the draft."""
        text = self.standing.text if self.standing else self.edited
        return text if text != self.waiting.draft.text else None

    @property
    def edited(self) -> EmailText | None:
        """The text that a person put in the draft's place, if that stands."""
        return self.waiting.standing_edit


async def shown_draft(request: Request) -> Shown:
    """The draft of the address.

    Raises:
        Refused: it is not there, or not any more.
    """
    opened = site_of(request).desks[request.path_params["campaign"]]
    desk = await opened.desk()
    item = desk.item(request.path_params["draft"])
    if item is None:
        raise _gone(opened)
    store, prospect = opened.store, item.waiting.prospect
    reviews = store.reviews_to(opened.name, prospect) if prospect else []
    waiting = draft_to_review(store, item.waiting, Decisions(reviews))
    if waiting is None:
        desk.forget(item.id)
        raise _gone(opened)
    standing = await asyncio.to_thread(_standing, store, item, waiting)
    return Shown(opened, desk, item, waiting, tuple(reviews), store.decisions_on(item.id), standing)


def _standing(store: Store, item: DeskItem, waiting: DraftToReview) -> Standing | None:
    if waiting.result is None:
        return None
    text = waiting.standing_edit or waiting.draft.text
    return by_now(Standing(prospect=waiting.result.prospect, state=item.state, result=waiting.result, text=text), store)


def _gone(opened: OpenDesk) -> Refused:
    return Refused(
        404,
        "draft_gone",
        "this draft is not there any more: it was written again, or forgotten, since the list was made",
        hint=f"The queue of {opened.name} shows what is there now.",
    )

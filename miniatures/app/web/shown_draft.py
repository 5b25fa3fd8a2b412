"""A draft as it lies before a reviewer, with all that is known of it: what the pages of a draft begin with."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request

from miniatures.app.door import Refused
from miniatures.app.web.desks import OpenDesk
from miniatures.app.web.site import site_of
from miniatures.datamodel.review import Review
from miniatures.review.approvals import Decisions
from miniatures.review.desk import Desk
from miniatures.review.desk_item import DeskItem
from miniatures.review.queue import DraftToReview, draft_to_review


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
    return Shown(opened, desk, item, waiting, tuple(reviews), store.decisions_on(item.id))


def _gone(opened: OpenDesk) -> Refused:
    return Refused(
        404,
        "draft_gone",
        "this draft is not there any more: it was written again, or forgotten, since the list was made",
        hint=f"The queue of {opened.name} shows what is there now.",
    )

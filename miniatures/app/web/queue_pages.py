"""The queue: which drafts wait, filtered, searched and ordered, a page at a time."""

from __future__ import annotations

from urllib.parse import urlencode

from pydantic import Field
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from miniatures.app.web.forms import query_of
from miniatures.app.web.guard import Guard
from miniatures.app.web.rendering import page
from miniatures.app.web.site import site_of
from miniatures.datamodel.standing import State
from miniatures.review.desk_filter import DeskFilter, Order, Show
from miniatures.review.queue import draft_to_review


def routes(guard: Guard) -> list[Route]:
    """The pages of this module."""
    return [
        Route("/c/{campaign}/queue", guard.reviewers(show_queue), methods=["GET"]),
        Route("/c/{campaign}/review", guard.reviewers(start_reviewing), methods=["GET"]),
    ]


PAGE = 50


class QueueQuery(DeskFilter):
    """A page of the queue."""

    page: int = Field(default=1, ge=1)


async def show_queue(request: Request) -> Response:
    """A page of the drafts that pass the filter."""
    opened = site_of(request).desks[request.path_params["campaign"]]
    asked, name = query_of(request, QueueQuery), request.state.visitor.name
    desk = await opened.desk()
    listed = desk.listed(asked, name)
    start = (asked.page - 1) * PAGE
    return page(
        request,
        "queue.html.jinja",
        opened=opened,
        asked=asked,
        items=listed[start : start + PAGE],
        total=len(listed),
        first=start + 1,
        pages=-(-len(listed) // PAGE),
        counts=desk.counts(name),
        choices=desk.choices(),
        held=opened.held_by_others(name),
        Show=Show,
        Order=Order,
        State=State,
        draft_url=lambda item: draft_url(opened.name, item.id, asked),
        queue_url=lambda **changes: queue_url(opened.name, asked.model_copy(update=changes)),
    )


async def start_reviewing(request: Request) -> Response:
    """On to the first draft that waits, or to the queue if none does."""
    opened = site_of(request).desks[request.path_params["campaign"]]
    asked, name = query_of(request, DeskFilter), request.state.visitor.name
    others = opened.held_by_others(name)
    desk = await opened.desk()
    first = desk.next_after(None, asked, name, others)
    while first is not None and draft_to_review(opened.store, first.waiting) is None:
        desk.forget(first.id)
        first = desk.next_after(None, asked, name, others)
    url = draft_url(opened.name, first.id, asked) if first else queue_url(opened.name, asked)
    return RedirectResponse(url, status_code=303)


def draft_url(campaign: str, draft: str, asked: DeskFilter) -> str:
    """Where a draft is shown, with the filter that the next one is chosen by."""
    return f"/c/{campaign}/drafts/{draft}{_query(asked)}"


def queue_url(campaign: str, asked: DeskFilter) -> str:
    """Where the queue is shown as this filter has it."""
    return f"/c/{campaign}/queue{_query(asked)}"


def _query(asked: DeskFilter) -> str:
    given = asked.model_dump(mode="json", exclude_defaults=True)
    return f"?{urlencode(given)}" if given else ""

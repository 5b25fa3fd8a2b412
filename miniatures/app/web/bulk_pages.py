"""Accepting what is ready at the stated risk all at once, after a sample was read."""

from __future__ import annotations

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from miniatures.app.door import Refused
from miniatures.app.web.desks import OpenDesk
from miniatures.app.web.forms import form_of
from miniatures.app.web.guard import Guard
from miniatures.app.web.queue_pages import draft_url
from miniatures.app.web.rendering import page
from miniatures.app.web.site import site_of
from miniatures.datamodel.frozen import Frozen
from miniatures.review.bulk import Bulk, accept_rest, bulk_of
from miniatures.review.desk_filter import DeskFilter
from miniatures.store.decide import Outcome


class BulkForm(Frozen):
    """Which drafts the owner saw."""

    digest: str = Field(min_length=1)


def routes(guard: Guard) -> list[Route]:
    """The pages of this module."""
    return [
        Route("/c/{campaign}/bulk", guard.reviewers(show_bulk), methods=["GET"]),
        Route("/c/{campaign}/bulk", guard.owners(accept_bulk), methods=["POST"]),
    ]


async def show_bulk(request: Request) -> Response:
    """What was drawn to be read, what was found, and whether the rest may be accepted."""
    opened = site_of(request).desks[request.path_params["campaign"]]
    return _page(request, opened, await _bulk(opened))


async def accept_bulk(request: Request) -> Response:
    """Accept the rest.

    Raises:
        Refused: the drafts are not those that were shown.
        InputError: the sample does not allow it.
    """
    opened = site_of(request).desks[request.path_params["campaign"]]
    given, bulk = await form_of(request, BulkForm), await _bulk(opened)
    if given.digest != bulk.digest:
        raise Refused(
            409, "changed_meanwhile", "drafts have come or gone since the page was shown", hint="Look at it again."
        )
    outcomes = await accept_rest(opened.store, bulk, request.state.visitor.name)
    return _page(request, opened, await _bulk(opened), outcomes)


async def _bulk(opened: OpenDesk) -> Bulk:
    return bulk_of(await opened.desk(), opened.loaded.campaign.ready.risk)


def _page(request: Request, opened: OpenDesk, bulk: Bulk, outcomes: dict[Outcome, int] | None = None) -> Response:
    return page(
        request,
        "bulk.html.jinja",
        opened=opened,
        bulk=bulk,
        outcomes=outcomes,
        changed=sum(outcomes.values()) - outcomes[Outcome.KEPT] if outcomes else 0,
        draft_url=lambda item: draft_url(opened.name, item.id, DeskFilter()),
    )

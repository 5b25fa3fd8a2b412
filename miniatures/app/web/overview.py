"""The campaigns that are open, and how each goes: progress, funnel, spending and readiness."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from miniatures.app.web.guard import Guard
from miniatures.app.web.rendering import page
from miniatures.app.web.site import site_of


def routes(guard: Guard) -> list[Route]:
    """The pages of this module."""
    return [
        Route("/", guard.reviewers(show_campaigns), methods=["GET"]),
        Route("/c/{campaign}", guard.reviewers(show_campaign), methods=["GET"]),
    ]


async def show_campaigns(request: Request) -> Response:
    """All campaigns; the one, if there is one."""
    desks = list(site_of(request).desks)
    if len(desks) == 1:
        return RedirectResponse(f"/c/{desks[0].name}", status_code=303)
    return page(request, "campaigns.html.jinja", desks=desks)


async def show_campaign(request: Request) -> Response:
    """How one campaign goes."""
    opened = site_of(request).desks[request.path_params["campaign"]]
    desk = await opened.desk() if opened.was_run else None
    counts = desk.counts(request.state.visitor.name) if desk else {}
    return page(request, "overview.html.jinja", opened=opened, counts=counts)

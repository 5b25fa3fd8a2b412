"""A campaign's report as a page of the app, and as the one file that can be sent to somebody."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from miniatures.app.web.desks import OpenDesk
from miniatures.app.web.guard import Guard
from miniatures.app.web.rendering import page
from miniatures.app.web.site import site_of
from miniatures.delivery.standing import email_standings
from miniatures.measure.report import heading_of, report_page, report_values


def routes(guard: Guard) -> list[Route]:
    """The pages of this module."""
    return [
        Route("/c/{campaign}/report", guard.reviewers(show_report), methods=["GET"]),
        Route("/c/{campaign}/report.html", guard.reviewers(save_report), methods=["GET"]),
    ]


async def show_report(request: Request) -> Response:
    """The report, with the app's own style."""
    opened = site_of(request).desks[request.path_params["campaign"]]
    values = await asyncio.to_thread(_values, opened)
    return page(request, "report_page.html.jinja", opened=opened, **values)


async def save_report(request: Request) -> Response:
    """The report as `miniatures report` writes it, to be kept."""
    opened = site_of(request).desks[request.path_params["campaign"]]
    whole = await asyncio.to_thread(_whole, opened)
    return HTMLResponse(whole, headers={"Content-Disposition": f'attachment; filename="{opened.name}-report.html"'})


def _values(opened: OpenDesk) -> dict[str, Any]:
    return report_values(heading_of(opened.loaded), email_standings(opened.loaded, opened.store))


def _whole(opened: OpenDesk) -> str:
    return report_page(heading_of(opened.loaded), email_standings(opened.loaded, opened.store))

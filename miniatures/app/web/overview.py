"""The campaigns that are open, and how each goes: progress, funnel, spending, readiness and people."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from miniatures.app.door import Refused
from miniatures.app.web.charts import chart_response
from miniatures.app.web.dashboard_charts import charts_of, moment_words
from miniatures.app.web.desks import OpenDesk
from miniatures.app.web.forms import query_of
from miniatures.app.web.guard import Guard
from miniatures.app.web.rendering import page
from miniatures.app.web.site import site_of
from miniatures.datamodel.frozen import Frozen
from miniatures.datamodel.standing import MAILED, MEANINGS
from miniatures.measure.field_readings import READY_MEANS
from miniatures.review.dashboard import Dashboard
from miniatures.review.desk_filter import Show
from miniatures.review.progress import Progress


def routes(guard: Guard) -> list[Route]:
    """The pages of this module."""
    return [
        Route("/", guard.reviewers(show_campaigns), methods=["GET"]),
        Route("/c/{campaign}", guard.reviewers(show_campaign), methods=["GET"]),
        Route("/c/{campaign}/charts/{chart}.svg", guard.reviewers(show_chart), methods=["GET"]),
    ]


_dashboards: WeakKeyDictionary[OpenDesk, Dashboard] = WeakKeyDictionary()


class ChartQuery(Frozen):
    """How a chart is asked for."""

    narrow: bool = False


@dataclass(frozen=True)
class Card:
    """A campaign among others. Without progress it was never run."""

    opened: OpenDesk
    progress: Progress | None = None
    is_running: bool = False
    waiting: int = 0


async def show_campaigns(request: Request) -> Response:
    """All campaigns; the one, if there is one."""
    desks = site_of(request).desks
    names = [opened.name for opened in desks]
    if len(names) == 1:
        return RedirectResponse(f"/c/{names[0]}", status_code=303)
    cards = await asyncio.gather(*(_card(desks[name], request.state.visitor.name) for name in names))
    return page(request, "campaigns.html.jinja", cards=cards)


async def show_campaign(request: Request) -> Response:
    """How one campaign goes."""
    opened = site_of(request).desks[request.path_params["campaign"]]
    if not opened.was_run:
        return page(request, "never_run.html.jinja", opened=opened)
    desk = await opened.desk()
    overview = await asyncio.to_thread(_dashboard(opened).look, opened.loaded, desk)
    counts = desk.counts(request.state.visitor.name)
    return page(
        request,
        "overview.html.jinja",
        opened=opened,
        seen=overview,
        charts=charts_of(overview.timeline) if overview.timeline else {},
        counts=counts,
        moment_words=moment_words,
        ready_means=READY_MEANS,
        mailed={state: number for state in MAILED if (number := counts[f"state {state}"])},
        meanings=MEANINGS,
        Show=Show,
    )


async def show_chart(request: Request) -> Response:
    """One of the charts, as an image.

    Raises:
        Refused: there is no such chart, or nothing to draw.
    """
    opened = site_of(request).desks[request.path_params["campaign"]]
    timeline = await asyncio.to_thread(_dashboard(opened).timeline)
    chart = charts_of(timeline).get(request.path_params["chart"]) if timeline else None
    if chart is None:
        raise Refused(404, "unknown_chart", f"there is no chart {request.path_params['chart'][:60]!r} here")
    return await asyncio.to_thread(chart_response, chart, narrow=query_of(request, ChartQuery).narrow)


async def _card(opened: OpenDesk, who: str) -> Card:
    if not opened.was_run:
        return Card(opened)
    desk = await opened.desk()
    progress, is_running = await asyncio.to_thread(_dashboard(opened).progress, opened.loaded)
    return Card(opened, progress, is_running, desk.counts(who)[Show.WAITING])


def _dashboard(opened: OpenDesk) -> Dashboard:
    """The campaign's dashboard, the same one at each look."""
    if opened not in _dashboards:
        _dashboards[opened] = Dashboard(opened.store, opened.name, opened.list)
    return _dashboards[opened]

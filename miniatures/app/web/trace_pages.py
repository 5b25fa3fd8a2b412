"""What was done for whom: the prospects with what their model calls came to, one as a tree, and one call in full."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from miniatures.app.door import Refused
from miniatures.app.web.desks import OpenDesk
from miniatures.app.web.forms import query_of
from miniatures.app.web.guard import Guard
from miniatures.app.web.rendering import page
from miniatures.app.web.site import site_of
from miniatures.app.web.trace_tree import branches, took, total
from miniatures.datamodel.duration import duration
from miniatures.datamodel.redaction import without_secrets
from miniatures.datamodel.result import ProspectResult
from miniatures.datamodel.review import Review
from miniatures.datamodel.trace import Trace
from miniatures.store.trace_listing import WorkFilter, WorkOrder
from miniatures.weights.errors import RegistryError
from miniatures.weights.listing import miniature_with
from miniatures.weights.registry import Registry


def routes(guard: Guard) -> list[Route]:
    """The pages of this module."""
    return [
        Route("/c/{campaign}/traces", guard.reviewers(show_work), methods=["GET"]),
        Route("/c/{campaign}/traces/{prospect}", guard.reviewers(show_tree), methods=["GET"]),
        Route("/c/{campaign}/trace/{trace}", guard.reviewers(show_call), methods=["GET"]),
    ]


PAGE = 50
_LONG_LISTS = 200
"""Calls that are linked from the page of one; more are counted."""


class WorkQuery(WorkFilter):
    """A page of the prospects."""

    page: int = Field(default=1, ge=1, le=1_000_000)


@dataclass(frozen=True)
class Call:
    """A model call with all that leads to it and away from it."""

    trace: Trace
    sources: tuple[Trace, ...]
    used_by: tuple[Trace, ...]
    shadows: tuple[Trace, ...]
    drafts: tuple[str, ...]
    reviews: tuple[Review, ...]
    result: ProspectResult | None
    miniature: tuple[str, str] | None


async def show_work(request: Request) -> Response:
    """A page of the prospects, each with what its model calls came to."""
    opened, asked = _opened(request), query_of(request, WorkQuery)
    start = (asked.page - 1) * PAGE
    found = await asyncio.to_thread(opened.store.work, opened.name, asked, start, PAGE)
    return page(
        request,
        "traces.html.jinja",
        opened=opened,
        asked=asked,
        rows=found.rows,
        total=found.total,
        first=start + 1,
        pages=-(-found.total // PAGE),
        WorkOrder=WorkOrder,
        duration=duration,
        work_url=lambda **changes: _work_url(opened.name, asked.model_copy(update=changes)),
    )


async def show_tree(request: Request) -> Response:
    """All steps for one prospect, as a tree.

    Raises:
        Refused: nothing is known of them.
    """
    opened, key = _opened(request), request.path_params["prospect"]
    nodes, result = await asyncio.to_thread(_all_of, opened, key)
    if not nodes and result is None:
        raise Refused(
            404,
            "unknown_prospect",
            "the campaign has no such prospect, or nothing was recorded about them",
            hint=f"The traces of {opened.name} list all prospects.",
        )
    grown = branches(nodes)
    draft = result.draft if result else None
    return page(
        request,
        "trace_tree.html.jinja",
        opened=opened,
        key=key,
        result=result,
        draft=draft.id if draft and (await opened.desk()).item(draft.id) else "",
        grown=grown,
        sum=total(grown),
        took=took,
    )


async def show_call(request: Request) -> Response:
    """One model call down to what was asked and answered.

    Raises:
        Refused: there is no such call, or its row is damaged.
    """
    opened, id = _opened(request), request.path_params["trace"]
    call = await asyncio.to_thread(_call, opened, id)
    if call is None:
        raise Refused(
            404,
            "unknown_trace",
            "the campaign has no such model call, or its row in the store is damaged",
            hint=f"The traces of {opened.name} list all prospects, each with its calls.",
        )
    desk = await opened.desk()
    return page(
        request,
        "trace.html.jinja",
        opened=opened,
        call=call,
        trace=call.trace,
        drafts=[(draft, desk.item(draft) is not None) for draft in call.drafts],
        most=_LONG_LISTS,
        backend=without_secrets(str(call.trace.backend)),
        took=took,
        pretty=pretty,
        path=f"/c/{opened.name}/traces",
    )


def pretty(value: Any) -> str:
    """JSON as people read it."""
    return json.dumps(value, ensure_ascii=False, indent=2, default=str)


def _opened(request: Request) -> OpenDesk:
    return site_of(request).desks[request.path_params["campaign"]]


def _all_of(opened: OpenDesk, key: str) -> tuple[list[Any], ProspectResult | None]:
    store = opened.store
    return store.tree(opened.name, key), store.result(opened.name, key)


def _call(opened: OpenDesk, id: str) -> Call | None:
    store = opened.store
    trace = store.trace(id)
    if trace is None or trace.campaign != opened.name:
        return None
    beside = list(store.traces(opened.name, trace.prospect)) if trace.prospect else []
    return Call(
        trace=trace,
        sources=tuple(store.traces_named(trace.sources[:_LONG_LISTS]).values()),
        used_by=tuple(one for one in beside if id in one.sources),
        shadows=tuple(one for one in beside if one.shadow_of == id),
        drafts=tuple(store.drafts_of(trace)),
        reviews=tuple(store.reviews_of(trace)),
        result=store.result(opened.name, trace.prospect) if trace.prospect else None,
        miniature=_miniature(trace),
    )


def _miniature(trace: Trace) -> tuple[str, str] | None:
    try:
        return miniature_with(Registry(), trace.backend.adapter) if trace.backend.adapter else None
    except RegistryError:
        return None


def _work_url(campaign: str, asked: WorkQuery) -> str:
    given = asked.model_dump(mode="json", exclude_defaults=True)
    return f"/c/{campaign}/traces{'?' + urlencode(given) if given else ''}"

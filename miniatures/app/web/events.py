"""Says to open pages that something has changed, so that they fetch what they show anew."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from miniatures.app.web.desks import OpenDesk
from miniatures.app.web.guard import Guard
from miniatures.app.web.site import site_of
from miniatures.datamodel.errors import MiniaturesError

LOOK_EVERY_S = 1.0
_SIGN_OF_LIFE_EVERY_S = 15.0
_EVENTS = "text/event-stream"


def routes(guard: Guard) -> list[Route]:
    """The pages of this module."""
    return [Route("/c/{campaign}/events", guard.reviewers(tell_changes), methods=["GET"])]


async def tell_changes(request: Request) -> Response:
    """A stream of server-sent events: one named `change` whenever the campaign is not what it was, until whoever
    listens has left.
    """
    opened = site_of(request).desks[request.path_params["campaign"]]
    sessions, visitor = site_of(request).sessions, request.state.visitor
    return StreamingResponse(_events(opened, lambda: sessions.find(visitor.session) is not None), media_type=_EVENTS)


async def _events(opened: OpenDesk, still_in: Callable[[], bool]) -> AsyncIterator[str]:
    last, silent = await _state(opened), 0.0
    yield "retry: 2000\n\n"
    while still_in():
        await asyncio.sleep(LOOK_EVERY_S)
        silent += LOOK_EVERY_S
        now = await _state(opened)
        if now != last:
            last, silent = now, 0.0
            yield "event: change\ndata: \n\n"
        elif silent >= _SIGN_OF_LIFE_EVERY_S:
            silent = 0.0
            yield ": still here\n\n"


async def _state(opened: OpenDesk) -> object:
    """What differs as soon as a draft, a word on one, or a run is new; a store that cannot be read just now is none."""
    if not opened.was_run:
        return None
    try:
        runs = opened.store.runs(opened.name)
        return (await opened.desk()).state, [(run.id, run.outcome) for run in runs[-3:]]
    except MiniaturesError as error:
        return error.message

"""The app: which pages there are. Each module of pages names its own, and who may open them."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from miniatures.app.door import FORM, Door, Refused
from miniatures.app.web import (
    ab_pages,
    bulk_pages,
    compare_pages,
    dataset_pages,
    decision_pages,
    draft_pages,
    entrance,
    events,
    model_pages,
    outbox_pages,
    overview,
    preview_pages,
    queue_pages,
    reading_pages,
    reply_pages,
    report_pages,
    trace_pages,
)
from miniatures.app.web.guard import Guard, error_page
from miniatures.app.web.rendering import HEADERS, static_file
from miniatures.app.web.site import Site

_PAGES = (
    ab_pages,
    bulk_pages,
    compare_pages,
    entrance,
    events,
    overview,
    queue_pages,
    draft_pages,
    decision_pages,
    preview_pages,
    outbox_pages,
    reply_pages,
    reading_pages,
    report_pages,
    trace_pages,
    model_pages,
    dataset_pages,
)
_FILES = {
    "app.css": "text/css",
    "app.js": "text/javascript",
    "choose.js": "text/javascript",
    "filter.js": "text/javascript",
    "htmx.min.js": "text/javascript",
    "icon.svg": "image/svg+xml",
    "style.css": "text/css",
}


def web_app(site: Site, *, names: tuple[str, ...] = ()) -> Starlette:
    """The app. `names` are hosts that it is reached by besides localhost and addresses."""
    guard = Guard(Door(names=names, bodies=FORM), site.sessions)
    static = Route("/static/{file}", guard.open_to_all(_static), methods=["GET"])
    pages = [route for module in _PAGES for route in module.routes(guard)]
    app = Starlette(routes=[static, *pages], exception_handlers={HTTPException: _not_here})
    app.router.redirect_slashes = False
    app.state.site = site
    return app


async def _static(request: Request) -> Response:
    name = request.path_params["file"]
    if name not in _FILES:
        raise Refused(404, "unknown_file", f"there is no file {name[:60]!r}")
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    return FileResponse(static_file(name), media_type=_FILES[name], headers=headers)


async def _not_here(request: Request, error: Exception) -> Response:
    """What the router says of an address or a method that there is not."""
    status = error.status_code if isinstance(error, HTTPException) else 404
    word = "that takes such a request" if status == 405 else "here"
    response = error_page(request, Refused(status, "unknown_page", f"there is no page {word}"), status)
    response.headers.update(HEADERS)
    response.headers.update((error.headers if isinstance(error, HTTPException) else None) or {})
    return response

"""Makes pages of templates: foreign text is escaped and visible, and no page runs or fetches what is not ours."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from jinja2 import ChoiceLoader, Environment, FileSystemLoader
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from miniatures.measure.report import TEMPLATES, html_environment

_HERE = Path(__file__).parent
_OF_THE_REPORT = frozenset({"style.css", "filter.js"})

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""Of every answer."""


def page(request: Request, template: str, status: int = 200, **values: Any) -> Response:
    """A page of the app as this visitor sees it."""
    visitor = request.state.visitor if hasattr(request.state, "visitor") else None
    known: dict[str, Any] = {"visitor": visitor, "path": request.url.path, "site": request.app.state.site}
    return HTMLResponse(environment().get_template(template).render(known | values), status_code=status)


@cache
def environment() -> Environment:
    """The report's environment, with the app's templates before the report's."""
    made = html_environment()
    assert made.loader is not None
    made.loader = ChoiceLoader([FileSystemLoader(_HERE / "templates"), made.loader])
    made.filters["percent"] = lambda share: f"{100 * share:.0f} %"
    made.filters["moment"] = _moment
    made.filters["quoted"] = lambda part: quote(str(part), safe="")
    made.filters["capital"] = lambda text: text[:1].upper() + text[1:]
    made.filters["query"] = urlencode
    made.globals["static"] = static_url
    return made


def static_file(name: str) -> Path:
    """Where one of our files lies; some are the report's as well."""
    return TEMPLATES / name if name in _OF_THE_REPORT else _HERE / "static" / name


@cache
def static_url(name: str) -> str:
    """The address of one of our files; it changes with what is in it, so a browser may keep it for ever."""
    digest = sha256(static_file(name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?{digest}"


def _moment(when: datetime | None) -> str:
    return "" if when is None else when.strftime("%Y-%m-%d %H:%M")

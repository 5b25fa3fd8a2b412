"""The cookie that a visitor is known by.

Browsers keep one jar for all ports of a machine, so its name has the port: two apps leave each other's visitors alone.
Over TLS its name begins with `__Host-`, and no other site, not even one of the same domain, can set it.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from miniatures.app.web.site import site_of
from miniatures.app.web.visitors import COOKIE, SESSION_SECONDS, Visitor


def session_of(request: Request) -> str | None:
    """The session that a request says it belongs to."""
    return request.cookies.get(_name(request))


def know(response: Response, request: Request, visitor: Visitor) -> None:
    """Have the browser show from now on that it is this visitor's. No script and no other site can make use of that."""
    response.set_cookie(
        _name(request),
        visitor.session,
        max_age=int(SESSION_SECONDS),
        httponly=True,
        samesite="strict",
        secure=_is_secure(request),
    )


def forget(response: Response, request: Request) -> None:
    """Have the browser forget whose it was."""
    response.delete_cookie(_name(request), httponly=True, samesite="strict", secure=_is_secure(request))


def _name(request: Request) -> str:
    port = request.url.port
    name = COOKIE if port is None else f"{COOKIE}_{port}"
    return f"__Host-{name}" if _is_secure(request) else name


def _is_secure(request: Request) -> bool:
    return site_of(request).behind_tls or request.url.scheme == "https"

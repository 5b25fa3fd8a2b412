"""How a visitor comes in and leaves."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from miniatures.app.door import Refused
from miniatures.app.web.guard import Guard
from miniatures.app.web.rendering import page
from miniatures.app.web.site import site_of
from miniatures.app.web.visitors import COOKIE, SESSION_SECONDS, Visitor


def routes(guard: Guard) -> list[Route]:
    """The pages of this module."""
    return [
        Route("/login", guard.open_to_all(show_login), methods=["GET"]),
        Route("/login", guard.open_to_all(log_in), methods=["POST"]),
        Route("/enter/{token}", guard.open_to_all(enter), methods=["GET"]),
        Route("/logout", guard.reviewers(log_out), methods=["POST"]),
    ]


async def enter(request: Request) -> Response:
    """Let in whoever has the one-time token that the command line printed.

    Raises:
        Refused: the token was used, or is none.
    """
    visitor = site_of(request).sessions.redeem(request.path_params["token"])
    if visitor is None:
        raise Refused(
            403, "used_token", "this address lets in once, and it was used", hint="Start the app again for a new one."
        )
    return let_in(request, visitor)


async def show_login(request: Request) -> Response:
    """What somebody sees who was not let in."""
    return page(request, "login.html.jinja")


async def log_in(request: Request) -> Response:
    """Let in by name and password.

    Raises:
        Refused: nobody has a name here.
    """
    raise Refused(404, "no_users", "nobody signs in by name here")


async def log_out(request: Request) -> Response:
    """Forget the visitor."""
    site_of(request).sessions.close(request.state.visitor)
    response = RedirectResponse("/login", status_code=303)
    response.delete_cookie(COOKIE)
    return response


def let_in(request: Request, visitor: Visitor) -> Response:
    """To the first page, with the cookie that the visitor is known by."""
    response = RedirectResponse("/", status_code=303)
    response.set_cookie(
        COOKIE,
        visitor.session,
        max_age=int(SESSION_SECONDS),
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return response

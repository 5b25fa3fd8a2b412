"""How a visitor comes in and leaves."""

from __future__ import annotations

from pydantic import Field
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from miniatures.app.door import Refused
from miniatures.app.web import cookie
from miniatures.app.web.forms import form_of
from miniatures.app.web.guard import Guard, marked
from miniatures.app.web.rendering import page
from miniatures.app.web.site import site_of
from miniatures.app.web.visitors import Visitor
from miniatures.datamodel.frozen import Frozen


def routes(guard: Guard) -> list[Route]:
    """The pages of this module."""
    return [
        Route("/login", guard.open_to_all(show_login), methods=["GET"]),
        Route("/login", guard.open_to_all(log_in), methods=["POST"]),
        Route("/enter/{token}", guard.open_to_all(enter), methods=["GET"]),
        Route("/logout", guard.reviewers(log_out), methods=["POST"]),
    ]


class SignInForm(Frozen):
    """Who somebody says they are, and what only they know."""

    name: str = Field(default="", max_length=200)
    password: str = Field(default="", repr=False)


async def enter(request: Request) -> Response:
    """Let in whoever has the one-time token that the command line printed.

    Raises:
        Refused: the token was used, or is none.
    """
    if request.method == "HEAD":  # Somebody looks whether the page is there: a preview must not use it up.
        return Response()
    visitor = site_of(request).sessions.redeem(request.path_params["token"])
    if visitor is None:
        raise Refused(
            403, "used_token", "this address lets in once, and it was used", hint="Start the app again for a new one."
        )
    return _let_in(request, visitor)


async def show_login(request: Request) -> Response:
    """What somebody sees who was not let in."""
    if request.state.visitor is not None:
        return RedirectResponse("/", status_code=303)
    return _login_page(request)


async def log_in(request: Request) -> Response:
    """Let in by name and password; what was wrong is said beside the form.

    Raises:
        Refused: nobody has a name here.
    """
    site, given = site_of(request), await form_of(request, SignInForm)
    if site.sign_in is None or not site.sign_in.offered:
        raise Refused(404, "no_users", "nobody signs in by name here")
    address = request.client.host if request.client else ""
    try:
        visitor = await site.sign_in.let_in(given.name, given.password, address)
    except Refused as refusal:
        return marked(_login_page(request, refusal, given.name), refusal)
    if request.state.visitor is not None:
        site.sessions.close(request.state.visitor)
    site.sessions.open(visitor)
    return _let_in(request, visitor)


async def log_out(request: Request) -> Response:
    """Forget the visitor, and let go of the drafts that they had open."""
    site, visitor = site_of(request), request.state.visitor
    for opened in site.desks:
        if opened.was_run:
            await opened.store.release_drafts(opened.name, visitor.name)
    site.sessions.close(visitor)
    response = RedirectResponse("/login", status_code=303)
    cookie.forget(response, request)
    return response


def _let_in(request: Request, visitor: Visitor) -> Response:
    """To the first page, with the cookie that the visitor is known by."""
    response = RedirectResponse("/", status_code=303)
    cookie.know(response, request, visitor)
    return response


def _login_page(request: Request, refusal: Refused | None = None, name: str = "") -> Response:
    """The form. Browsers keep the cookie to themselves where a link of another site leads here, so it leads on."""
    sign_in = site_of(request).sign_in
    return page(
        request,
        "login.html.jinja",
        refusal.status if refusal else 200,
        by_name=sign_in is not None and sign_in.offered,
        from_elsewhere=request.headers.get("sec-fetch-site") == "cross-site",
        mistake=refusal.told if refusal else "",
        name=name,
    )

"""Stands before every page: who asks, and whether they may; and what goes out has the headers that keep it harmless."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from miniatures.app.door import Door, Refused
from miniatures.app.web.cookie import session_of
from miniatures.app.web.forms import form_fields
from miniatures.app.web.rendering import HEADERS, page
from miniatures.app.web.visitors import Rights, Sessions
from miniatures.datamodel.errors import InputError, MiniaturesError
from miniatures.datamodel.foreign_text import visible

Endpoint = Callable[[Request], Awaitable[Response]]
CSRF_FIELD = "csrf"
_CHANGES_NOTHING = ("GET", "HEAD")
_log = logging.getLogger(__name__)


class Guard:
    """Wraps the endpoints of the app."""

    def __init__(self, door: Door, sessions: Sessions) -> None:
        self._door = door
        self._sessions = sessions

    def open_to_all(self, endpoint: Endpoint) -> Endpoint:
        """For pages that are there before anybody is let in."""
        return self._guarded(endpoint, None)

    def reviewers(self, endpoint: Endpoint) -> Endpoint:
        """For pages of anybody who was let in."""
        return self._guarded(endpoint, Rights.REVIEWER)

    def owners(self, endpoint: Endpoint) -> Endpoint:
        """For what changes more than one draft."""
        return self._guarded(endpoint, Rights.OWNER)

    def _guarded(self, endpoint: Endpoint, rights: Rights | None) -> Endpoint:
        async def guarded(request: Request) -> Response:
            try:
                self._door.check(request)
                if any("\0" in str(value) for value in request.path_params.values()):
                    raise Refused(404, "unknown_page", "there is no page here")
                refusal = await self._refusal(request, rights)
                response = await endpoint(request) if refusal is None else refusal
            except Exception as error:
                response = error_page(request, _to_be_told(request, error))
            for name, value in HEADERS.items():
                response.headers.setdefault(name, value)
            return response

        return guarded

    async def _refusal(self, request: Request, rights: Rights | None) -> Response | None:
        """Where to send a visitor who was not let in; None for one who was.

        Raises:
            Refused: they lack the right, or their form is not one of ours.
        """
        visitor = self._sessions.find(session_of(request))
        request.state.visitor = visitor
        if rights is None:
            return None
        if visitor is None:
            if request.method in _CHANGES_NOTHING and "hx-request" not in request.headers:
                return RedirectResponse("/login", status_code=303)
            raise Refused(401, "no_session", "you are not signed in here any more", hint="Sign in again, then send it.")
        if request.method not in _CHANGES_NOTHING:
            sent = dict(await form_fields(request)).get(CSRF_FIELD, "")
            if not visitor.owns_form(sent):
                raise Refused(403, "foreign_form", "this form was not made for you", hint="Load the page again.")
        if rights is Rights.OWNER and visitor.rights is not Rights.OWNER:
            raise Refused(403, "not_owner", "only an owner may do that", hint="Ask one of them.")
        return None


def error_page(request: Request, error: MiniaturesError, status: int | None = None) -> Response:
    """What went wrong, in a sentence."""
    return marked(page(request, "error.html.jinja", status or _status_of(error), error=error), error)


def _status_of(error: MiniaturesError) -> int:
    """What a visitor can mend is no fault of the app's: the page does not send it again and again."""
    match error:
        case Refused():
            return error.status
        case InputError():
            return 422
        case _:
            return 500


def marked(response: Response, error: MiniaturesError) -> Response:
    """The response with what scripts and programs are told of the error."""
    line = visible(" ".join(error.message.split()))
    response.headers["X-Error"] = line.encode("ascii", "replace").decode()[:300]
    if isinstance(error, Refused) and error.retry_after_s is not None:
        response.headers["Retry-After"] = str(error.retry_after_s)
    return response


def _to_be_told(request: Request, error: Exception) -> MiniaturesError:
    """The error; somebody who was not let in is told of no file and no folder of this machine."""
    let_in = getattr(request.state, "visitor", None) is not None
    if isinstance(error, Refused) or (let_in and isinstance(error, MiniaturesError)):
        return error
    _log.error("a page failed", exc_info=error)
    return MiniaturesError("this page failed; the app's log says why")

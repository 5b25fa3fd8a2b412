"""The tracker: who asks with a token of ours is counted, and led on or opted out. Nothing is taken from the address.

GET and HEAD only show. Whoever posts opts out, with or without a form, a cookie or an Origin (RFC 8058); a page says so
once that is durable, and says that it is not where it is not.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import math
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from miniatures.app.door import Refused, read_body
from miniatures.app.track import pages
from miniatures.app.track.books import Books, Email
from miniatures.app.track.pace import Pace
from miniatures.app.track.visitor import (
    ONE_CLICK,
    OWN_COOKIE,
    Networks,
    address_of,
    hit_of,
    noted,
    noted_own,
    own_visit,
)
from miniatures.app.web.sign_in_limit import network_of
from miniatures.datamodel.errors import MiniaturesError
from miniatures.datamodel.hit import Hit, HitKind
from miniatures.datamodel.keyed_hash import keyed_hash
from miniatures.datamodel.message import CancelReason
from miniatures.datamodel.suppression import EVERYWHERE, SuppressionReason
from miniatures.delivery.tokens import Token, TokenKind, Tokens

_log = logging.getLogger(__name__)
DATABASE_SECONDS = 10.0
"""How long a visitor waits for a database."""
HIT_SECONDS = 3.0
"""How long they wait for a hit to be kept that changes nothing for them."""
MAX_BODY_BYTES = 16 * 1024
BODY_SECONDS = 10.0
_YEAR = 365 * 24 * 3600
_ONE_CLICK = (b"List-Unsubscribe", b"One-Click")

Endpoint = Callable[[Request], Awaitable[Response]]


def own_key(secret: bytes) -> str:
    """What makes a browser the sender's own: the end of the address that is opened in it once."""
    return keyed_hash(secret, "own visits")[:32]


class Tracker:
    """Answers for the emails of some campaigns."""

    def __init__(
        self,
        books: Books,
        secret: bytes,
        url: str,
        *,
        proxies: Networks = (),
        language: str = "en",
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """
        Args:
            books: where the emails are found.
            secret: that the tokens were signed with.
            url: where the tracker is reached from outside.
            proxies: that are believed when they say for whom they ask.
            language: of a page about an email that cannot be looked up.
            now: the clock for hits.
            clock: seconds, for the pace of requests.
        """
        self._books = books
        self._tokens = Tokens(secret)
        self._own_key = own_key(secret)
        self._url = url
        self._proxies = proxies
        self._language = language
        self._now = now
        self._by_address = Pace(clock, burst=60, per_second=1)
        self._by_email = Pace(clock, burst=200, per_second=2)

    def app(self) -> Starlette:
        """The application."""
        routes = [
            Route("/o/{token}.gif", _guarded(self._picture, pages.picture), methods=["GET"]),
            Route("/c/{token}", _guarded(self._click, pages.unavailable_page), methods=["GET"]),
            Route("/u/{token}", _guarded(self._ask, self._not_kept), methods=["GET"]),
            Route("/u/{token}", _guarded(self._opt_out, self._not_kept), methods=["POST"]),
            Route("/own/{key}", _guarded(self._make_own, pages.unavailable_page), methods=["GET"]),
            Route("/health", _health, methods=["GET"]),
        ]
        app = Starlette(routes=routes, exception_handlers={HTTPException: _not_here})
        app.router.redirect_slashes = False  # to a host that nobody has checked
        return app

    async def _picture(self, request: Request) -> Response:
        email = await self._email(request, TokenKind.OPEN)
        await self._keep_if_possible(email, self._hit(request, email, HitKind.OPEN))
        return pages.picture()

    async def _click(self, request: Request) -> Response:
        token = self._token(request, TokenKind.CLICK)
        email = await self._found(token)
        links = email.message.links
        if not 0 <= token.link <= len(links) or not links:
            raise _nothing_here()
        await self._keep_if_possible(email, self._hit(request, email, HitKind.CLICK, token.link))
        return pages.redirect(links[max(token.link, 1) - 1])

    async def _ask(self, request: Request) -> Response:
        email = await self._email(request, TokenKind.OPT_OUT)
        await self._keep_if_possible(email, self._hit(request, email, HitKind.UNSUBSCRIBE_VIEW))
        return pages.opted_out_page(email) if await _is_out(email) else pages.opt_out_page(email)

    async def _opt_out(self, request: Request) -> Response:
        """Doing it again does no harm. What fails after the address is on the list is checked when emails are claimed,
        so it is no reason to say that nothing was done."""
        token = self._token(request, TokenKind.OPT_OUT)
        body = await read_body(request, most=MAX_BODY_BYTES, seconds=BODY_SECONDS)
        email = await self._found(token)
        message = email.message
        async with asyncio.timeout(DATABASE_SECONDS):
            await email.mail.suppressions.add(message.address, SuppressionReason.OPT_OUT)
        hit = self._hit(request, email, HitKind.UNSUBSCRIBE_POST)
        cancel = email.mail.outbox.cancel_address(message.address, CancelReason.SUPPRESSED)
        await _if_possible("cancel what was queued", cancel)
        await self._keep_if_possible(email, noted(hit, ONE_CLICK, "One-Click") if _is_one_click(body) else hit)
        return pages.opted_out_page(email)

    async def _make_own(self, request: Request) -> Response:
        if not hmac.compare_digest(request.path_params["key"].encode(), self._own_key.encode()):
            self._count_stranger(request)
            raise _nothing_here()
        page = pages.own_page()
        secure = self._url.startswith("https:")
        page.set_cookie(
            OWN_COOKIE,
            self._own_key,
            max_age=_YEAR,
            httponly=True,
            secure=secure,
            samesite="none" if secure else "lax",  # pictures are fetched from within a mail provider's pages
        )
        return page

    async def _email(self, request: Request, kind: TokenKind) -> Email:
        return await self._found(self._token(request, kind))

    def _token(self, request: Request, kind: TokenKind) -> Token:
        """What the token says.

        Raises:
            Refused: it is none of ours, or too much was asked with it, or from its address with others that are none.
        """
        token = self._tokens.unsign(kind, request.path_params["token"])
        if token is None:
            self._count_stranger(request)
            raise _nothing_here()
        _hold_to(self._by_email, f"{token.message} {kind} {request.method}")  # no scan keeps anybody from opting out
        return token

    async def _found(self, token: Token) -> Email:
        async with asyncio.timeout(DATABASE_SECONDS):
            email = await asyncio.to_thread(self._books.find, token.message)
        if email is None:
            raise _nothing_here()
        return email

    def _count_stranger(self, request: Request) -> None:
        _hold_to(self._by_address, network_of(address_of(request, self._proxies)))

    def _hit(self, request: Request, email: Email, kind: HitKind, link: int | None = None) -> Hit:
        address = address_of(request, self._proxies)
        hit = hit_of(request, email.message, kind, link, address, self._now())
        return noted_own(hit, own_visit(request, address, self._own_key, self._url))

    async def _keep_if_possible(self, email: Email, hit: Hit) -> None:
        await _if_possible("keep a hit", email.mail.hits.add(hit))

    def _not_kept(self) -> Response:
        return pages.not_kept_page(self._language)


async def _is_out(email: Email) -> bool:
    """Whether no campaign writes to the address any more; where that cannot be looked up, the button is shown."""
    try:
        async with asyncio.timeout(HIT_SECONDS):
            return (
                await asyncio.to_thread(email.mail.suppressions.listed, email.message.address, EVERYWHERE) is not None
            )
    except (MiniaturesError, TimeoutError) as error:
        _log.warning("the tracker could not look an opt-out up: %s", error or "the database did not answer in time")
        return False


async def _if_possible(what: str, work: Awaitable[object]) -> None:
    try:
        async with asyncio.timeout(HIT_SECONDS):
            await work
    except (MiniaturesError, TimeoutError) as error:
        _log.warning("the tracker could not %s: %s", what, error or "the database did not answer in time")


def _hold_to(pace: Pace, key: str) -> None:
    if wait := pace.wait(key):
        raise Refused(429, "too_many_requests", "too many requests", retry_after_s=math.ceil(wait))


def _nothing_here() -> Refused:
    return Refused(404, "unknown_page", "there is nothing at this address")


def _is_one_click(body: bytes) -> bool:
    """Whether it says what RFC 8058 has mail providers say, as a form of either kind."""
    return all(part in body for part in _ONE_CLICK)


def _guarded(endpoint: Endpoint, failed: Callable[[], Response]) -> Endpoint:
    """The endpoint with an answer for whatever goes wrong; `failed` is what is said where it is our fault."""

    async def guarded(request: Request) -> Response:
        try:
            return await endpoint(request)
        except Refused as error:
            return pages.unknown_page() if error.status == 404 else _refusal(error)
        except (MiniaturesError, TimeoutError) as error:
            _log.error("the tracker could not answer: %s", error or "the database did not answer in time")
            return failed()
        except Exception:
            _log.exception("the tracker failed in a way that nobody foresaw")
            return failed()

    return guarded


def _refusal(error: Refused) -> Response:
    told = f"{error.message[:1].upper()}{error.message[1:]}."
    return pages.refused_page(error.status, told, error.retry_after_s)


async def _not_here(request: Request, error: Exception) -> Response:
    """What the router says of an address or a method that there is not."""
    status = error.status_code if isinstance(error, HTTPException) else 404
    return pages.unknown_page() if status == 404 else pages.refused_page(status, "This address takes no such request.")


async def _health(request: Request) -> Response:
    return JSONResponse({"status": "ok"}, headers={"Cache-Control": "no-store"})

"""Who may ask this server, and how much: decided before a request is read, so that no model is reached by it.

A server on loopback is reachable by every page that its user visits. Such a page cannot leave out its Origin, cannot
say that it sends JSON without asking first, and reaches us by a name of its own if it has the name point here (DNS
rebinding). So an Origin has to be our own, a body has to say that it is JSON, and the Host has to be an address, which
nobody can point elsewhere, or a name that was allowed.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Iterable
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.requests import ClientDisconnect, Request

from miniatures.datamodel.errors import InputError, MiniaturesError

MAX_BODY_BYTES = 1024 * 1024
"""About a quarter of a million tokens: far beyond the context of the models that run in this process."""

BODY_SECONDS = 30.0
"""How long a body may take to arrive."""

_JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
_WORDS = {_JSON: "JSON", FORM: "a form"}


class Refused(MiniaturesError):
    """The request is not let in. `status` and `code` are HTTP's and OpenAI's words for it.

    `retry_after_s` is after how many seconds it may be let in.
    """

    def __init__(
        self, status: int, code: str, message: str, *, hint: str = "", retry_after_s: int | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.code = code
        self.retry_after_s = retry_after_s


class Door:
    """Looks at the head of each request. `names` are hosts besides localhost and addresses; without a key, none is
    asked for."""

    def __init__(self, *, api_key: str | None = None, names: Iterable[str] = (), bodies: str = _JSON) -> None:
        """`bodies` is what a body has to say that it is.

        Raises InputError for a key that is empty or that no header can carry, and for a name that is none."""
        self._key = None if api_key is None else api_key.strip()  # as a header's value is read
        if self._key is not None and not (self._key and self._key.isascii() and self._key.isprintable()):
            raise InputError(
                "--api-key is empty, or holds what no header can carry",
                hint="Give a key of printable ASCII characters, or leave the option out to answer everybody.",
            )
        self._bodies = bodies
        self._names = {"localhost", *(_named(name) for name in names)}

    def check(self, request: Request) -> None:
        """Let the request in.

        Raises:
            Refused: says why not.
        """
        host = request.headers.get("host", "")
        self._check_host(host)
        self._check_origin(request.headers.get("origin"), host)
        if self._key is not None and not _carries(request, self._key):
            raise Refused(401, "invalid_api_key", "the API key is missing or wrong", hint="Send it as a Bearer token.")
        if request.method == "POST" and _kind_of_body(request) != self._bodies:
            hint = f"Send it with the header Content-Type: {self._bodies}."
            raise Refused(415, "unsupported_media_type", f"the body has to be {_WORDS[self._bodies]}", hint=hint)

    def _check_host(self, host: str) -> None:
        name = _hostname(host)
        if name is None or not (name in self._names or _is_address(name)):
            raise Refused(
                421, "unknown_host", f"nothing is served as {host[:100]!r}", hint="Allow the name with --allowed-host."
            )

    def _check_origin(self, origin: str | None, host: str) -> None:
        if origin is None:
            return
        scheme, _, page = origin.partition("://")
        if scheme not in ("http", "https") or page.lower() != host.lower():
            raise Refused(403, "foreign_origin", "a page of another site may not ask", hint="Ask from a program.")


async def read_body(request: Request, *, most: int = MAX_BODY_BYTES, seconds: float = BODY_SECONDS) -> bytes:
    """The whole body, whether its length was announced or not.

    Raises:
        Refused: it is larger than `most` bytes, takes longer than `seconds`, or its sender has gone.
    """
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced[:20]) > most:
        raise _too_large(most)
    try:
        async with asyncio.timeout(seconds):
            return await _gather(request, most)
    except TimeoutError as error:
        raise Refused(408, "timeout", f"the body did not arrive within {seconds:g} s", hint="Send it again.") from error
    except ClientDisconnect as error:
        raise Refused(400, "invalid_request", "the body is cut short", hint="Send it again.") from error


async def _gather(request: Request, most: int) -> bytes:
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > most:
            raise _too_large(most)
    return bytes(body)


def _too_large(most: int) -> Refused:
    return Refused(413, "request_too_large", f"the body has more than {most:,} bytes", hint="Shorten the messages.")


def _carries(request: Request, key: str) -> bool:
    """Whether the request carries the key, compared in a time that does not tell how much of it is right."""
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    return scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), key.encode())


def _kind_of_body(request: Request) -> str:
    kind = request.headers.get("content-type", "").partition(";")[0]
    return kind.strip().lower()


def _named(name: str) -> str:
    """An allowed name as a Host header has it, without its port."""
    known = name.strip("[]") if _is_address(name.strip("[]")) else _hostname(name)
    if known is None:
        raise InputError(f"--allowed-host: {name!r} is no host name", hint="Write it as in example.com.")
    return known


def _hostname(host: str) -> str | None:
    """Name or address in a Host header, without port, brackets and the root's dot; None if it is none."""
    try:
        parts = urlsplit(f"//{host}")
        _ = parts.port
    except ValueError:
        return None
    whole = parts.netloc == host and "@" not in host
    return parts.hostname.rstrip(".") or None if whole and parts.hostname else None


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True

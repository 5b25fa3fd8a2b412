"""Turns whatever litellm raises into one of our typed errors, by exception types, status and error codes.

litellm wraps a failure several times; the innermost facts (was there a status, was there a connection) are found by
walking the chain. The original exceptions are cut off: their texts may quote API keys.
"""

from __future__ import annotations

import email.utils
import json
import math
import re
import time
from collections.abc import Iterator
from typing import Any

from miniatures.backends.errors import (
    AuthenticationFailed,
    BackendError,
    BadRequest,
    ConnectionRefused,
    ContextOverflow,
    MalformedAnswer,
    MissingExtra,
    OutOfMemory,
    RateLimited,
    ServerFailed,
    TimedOut,
    UnknownModel,
)
from miniatures.backends.teacher_keys import ENDPOINT_URL, redact

_LONGEST_DETAIL = 300
_PREFIXES = re.compile(r"^(?:(?:litellm\.)?[A-Za-z]+(?:Error|Exception)\s*(?::|-)\s*|[A-Za-z]+Exception - )+")


def translate(error: Exception, who: str, *, secret: str | None, timeout_s: float) -> BackendError:
    """The typed error for what went wrong when `who` was asked. Our own errors come back as they are."""
    if isinstance(error, BackendError):
        return error
    chain = list(_chain(error))
    if _is_time_out(chain):
        return TimedOut(
            f"{who} did not answer within {timeout_s:g} s", hint="Raise timeout_s for the backend, or try again later."
        )
    detail = redact(_detail(error, chain), secret)
    status, code = _status(chain), _code(chain)
    if status is not None:
        return _of_status(status, code, who, detail, chain)
    return _without_status(error, chain, who, detail)


_NO_CREDIT = (AuthenticationFailed, "The account has no credit left: top it up.")
_REFUSED = (
    AuthenticationFailed,
    "Check the API key in the environment and what it may be used for; a server of your own gets one if "
    f"{ENDPOINT_URL} names it.",
)
_SLOW = (TimedOut, "Try again later, or ask for a shorter answer.")

_BY_CODE: dict[str, tuple[type[BackendError], str]] = {
    "context_length_exceeded": (
        ContextOverflow,
        "Shorten the prompt or max_tokens, or use a model with a larger context.",
    ),
    "out_of_memory": (OutOfMemory, "Send fewer requests at once, or give the server more memory."),
    "insufficient_quota": _NO_CREDIT,
}
_BY_STATUS: dict[int, tuple[type[BackendError], str]] = {
    401: _REFUSED,
    402: _NO_CREDIT,
    403: _REFUSED,
    404: (UnknownModel, "Check the model's name and the address."),
    408: _SLOW,
    504: _SLOW,
}
_SERVER_FAILED = (ServerFailed, "Try again later; if it stays, look at the provider's status or the server's log.")
_BAD_REQUEST = (BadRequest, "Change the option that the message names.")


def _of_status(status: int, code: str, who: str, detail: str, chain: list[BaseException]) -> BackendError:
    said, told_hint = f"{who} answered {status}: {detail}", _told_hint(chain)
    if status == 429 and code not in _BY_CODE:
        wish = _retry_after_s(chain)
        pause = "" if wish is None else f" after {wish:g} s"
        own_hint = f"Ask again{pause}, or lower max_concurrency."
        return RateLimited(said, hint=told_hint or own_hint, retry_after_s=wish)
    if _is_a(chain, "ContextWindowExceededError"):
        code = "context_length_exceeded"
    otherwise = _SERVER_FAILED if status >= 500 else _BAD_REQUEST
    kind, hint = _BY_CODE.get(code) or _BY_STATUS.get(status) or otherwise
    return kind(said, hint=told_hint or hint)


def _without_status(error: Exception, chain: list[BaseException], who: str, detail: str) -> BackendError:
    if _is_a(chain, "ConnectError", "ClientConnectorError", "ConnectionRefusedError"):
        return ConnectionRefused(
            f"{who} cannot be reached: no connection", hint="Start the server, or check the address and the network."
        )
    if _is_a(chain, "TransportError", "ClientError", "ConnectionError", "IncompleteRead"):
        return ServerFailed(f"{who} broke the connection off", hint="Try again; if it stays, look at the server's log.")
    if _is_a(chain, "ImportError"):
        return MissingExtra(f"{who} needs a library that is not installed: {detail}", hint="Install it with pip.")
    if _is_a([error], "AuthenticationError"):
        return AuthenticationFailed(f"{who}: {detail}", hint="Check the API key in the environment.")
    if _is_a([error], "BadRequestError", "UnsupportedParamsError") and not _is_a(chain, "JSONDecodeError"):
        return BadRequest(f"{who}: {detail}", hint="Change the option that the message names.")
    return MalformedAnswer(
        f"{who} did not answer as its protocol promises: {detail}",
        hint="Check that the address is that of a chat API; else try again.",
    )


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = getattr(error, "original_exception", None) or error.__cause__ or error.__context__


def _is_a(chain: list[BaseException], *names: str) -> bool:
    """Whether one of the errors is of a class of that name: the libraries' classes are not imported to ask."""
    return any(base.__name__ in names for error in chain for base in type(error).__mro__)


def _is_time_out(chain: list[BaseException]) -> bool:
    return _is_a(chain, "TimeoutError", "TimeoutException", "APITimeoutError") and _status(chain) is None


def _status(chain: list[BaseException]) -> int | None:
    """The status that the server sent; litellm makes up a 500 where there was none."""
    for error in chain:
        response = getattr(error, "response", None)
        if _is_a([error], "HTTPStatusError", "APIStatusError") and response is not None and _is_real(error):
            return int(response.status_code)
    return None


def _is_real(error: BaseException) -> bool:
    return not type(error).__module__.startswith("litellm.")


def _code(chain: list[BaseException]) -> str:
    for error in chain:
        for body in (getattr(error, "body", None), _response_json(error)):
            details = body.get("error", body) if isinstance(body, dict) else None
            code = details.get("code") if isinstance(details, dict) else None
            if isinstance(code, str):
                return code
    return ""


def _response_json(error: BaseException) -> Any:
    response = getattr(error, "response", None)
    try:
        return None if response is None else json.loads(response.text)
    except Exception:  # a streamed response that nobody has read yet has no text
        return None


def _retry_after_s(chain: list[BaseException]) -> float | None:
    for error in chain:
        response_headers = getattr(getattr(error, "response", None), "headers", None)
        for headers in (getattr(error, "litellm_response_headers", None), response_headers):
            value = headers.get("retry-after") if headers else None
            if value:
                return _seconds(str(value))
    return None


def _seconds(value: str) -> float | None:
    """A Retry-After as seconds from now: the header holds seconds or a date (RFC 9110, section 10.2.3)."""
    try:
        seconds = float(value)
        return max(0.0, seconds) if math.isfinite(seconds) else None
    except ValueError:
        pass
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, OverflowError):
        return None


def _told_hint(chain: list[BaseException]) -> str:
    """How to mend it, where the server says that apart, as `miniatures serve` does; its message ends with it."""
    for error in chain:
        body = getattr(error, "body", None)
        if isinstance(body, dict) and isinstance(body.get("hint"), str):
            return str(body["hint"])
    return ""


def _detail(error: Exception, chain: list[BaseException]) -> str:
    text = str(error)
    for inner in chain:
        body = getattr(inner, "body", None)
        if isinstance(body, dict) and isinstance(body.get("message"), str):
            text = body["message"].removesuffix(_told_hint(chain)).removesuffix(". ")
            break
    one_line = " ".join(_PREFIXES.sub("", text).split())
    return one_line[:_LONGEST_DETAIL] or type(error).__name__

"""The network's own word for why nothing came: out of error codes, never out of a library's sentence, which may quote
an address with a key in it.
"""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Iterator

import httpcore
import httpx


def network_word(error: BaseException) -> str:
    """Such as `DNS: name or service not known`, `connection refused` or `certificate: certificate has expired`.

    An error without a code is called by its class.
    """
    words = (_word(cause) for cause in _causes(error))
    return next((word for word in words if word), type(error).__name__)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error and what is behind it, outermost first."""
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        cause = waiting.pop(0)
        if cause is None or id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        inner = cause.exceptions if isinstance(cause, BaseExceptionGroup) else ()
        waiting += [cause.__cause__ or cause.__context__, *inner]


def _word(error: BaseException) -> str:
    match error:
        case socket.gaierror():
            return f"DNS: {_lower(error.strerror or 'no answer')}"
        case ssl.SSLCertVerificationError():
            return f"certificate: {_lower(error.verify_message)}"
        case ssl.SSLError():
            return f"TLS: {(error.reason or 'handshake failed').replace('_', ' ').lower()}"
        case TimeoutError() | httpcore.TimeoutException() | httpx.TimeoutException():
            return "timed out"
        case OSError() if error.errno:
            return _lower(os.strerror(error.errno))
        case httpcore.RemoteProtocolError() | httpx.RemoteProtocolError():
            return "the server broke off, or answered what is no HTTP"
    return ""


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]

"""Listens on a socket with uvicorn, says when it does, and hangs up on those who do not get to the end of a request."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from miniatures.datamodel.errors import InputError

REQUEST_SECONDS = 40.0
"""How long head and body of one request may take to arrive."""

_WHOLE = (h11.DONE, h11.MUST_CLOSE, h11.CLOSED, h11.ERROR)


class PatientProtocol(H11Protocol):
    """uvicorn's protocol with a deadline for each request's arrival, and with its refusals in JSON."""

    request_seconds = REQUEST_SECONDS
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._start_waiting()

    def data_received(self, data: bytes) -> None:
        self._start_waiting()
        super().data_received(data)
        if self.conn.their_state in _WHOLE:
            self._stop_waiting()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """What is no HTTP is told so in OpenAI's shape, unless an answer is on its way or has been given."""
        if self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            self.transport.close()
            return
        error = {"message": msg, "type": "invalid_request_error", "param": None, "code": "invalid_http"}
        body = json.dumps({"error": error}).encode()
        headers = [("content-type", "application/json"), ("content-length", str(len(body))), ("connection", "close")]
        for event in (h11.Response(status_code=400, headers=headers), h11.Data(data=body), h11.EndOfMessage()):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def _start_waiting(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(self.request_seconds, self.transport.abort)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


def listen(
    app: ASGIApp, host: str, port: int, *, on_ready: Callable[[int], None], on_stop: Callable[[], None] = lambda: None
) -> None:
    """Serve until interrupted. `on_ready` gets the port, which the system chooses if it is 0; `on_stop` is called when
    it stops, before the answers in flight are waited for.

    Raises:
        InputError: nothing can listen there.
    """
    with bound(host, port) as listening:
        settings: dict[str, Any] = {"http": PatientProtocol, "ws": "none", "lifespan": "off", "log_level": "error"}
        config = uvicorn.Config(app, timeout_graceful_shutdown=5, server_header=False, **settings)
        with suppress(KeyboardInterrupt):  # how uvicorn ends when it was asked to
            Server(config, lambda: on_ready(listening.getsockname()[1]), on_stop).run([listening])


def bound(host: str, port: int) -> socket.socket:
    """A socket that listens.

    Raises:
        InputError: the address is not this machine's, or the port is taken.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(f"nothing can listen at {host}:{port}: {reason}", hint="Choose another --port.") from error


class Server(uvicorn.Server):
    """Tells when it is ready, and when it stops."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None], on_stop: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready
        self._on_stop = on_stop

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._on_stop()
        await super().shutdown(sockets)

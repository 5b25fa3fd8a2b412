"""A real HTTP server on loopback that misbehaves as told, call by call."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

Behaviour = Callable[[socket.socket], None]


class UnrulyServer:
    """Call number n (from 0) gets the n-th behaviour; the last one stays."""

    def __init__(self, *behaviours: Behaviour) -> None:
        self._behaviours = behaviours
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.calls: list[float] = []
        self.requests: list[bytes] = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}/v1"

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            request = _read_request(connection)
            if not request:
                return
            number = len(self.calls)
            self.calls.append(time.monotonic())
            self.requests.append(request)
            self._behaviours[min(number, len(self._behaviours) - 1)](connection)


@contextmanager
def unruly(*behaviours: Behaviour) -> Iterator[UnrulyServer]:
    server = UnrulyServer(*behaviours)
    try:
        yield server
    finally:
        server.close()


def answers(text: str = "Hello there") -> Behaviour:
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    return status(200, _head("chat.completion") | {"choices": [choice], "usage": USAGE})


def status(code: int, body: dict[str, Any] | str, **headers: str) -> Behaviour:
    content = body if isinstance(body, str) else json.dumps(body)
    kind = "text/html" if isinstance(body, str) else "application/json"
    lines = [f"HTTP/1.1 {code} Status", f"Content-Type: {kind}", f"Content-Length: {len(content.encode())}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    reply = "\r\n".join([*lines, "Connection: close", "", content]).encode()
    return lambda connection: connection.sendall(reply)


def error(code: int, message: str, error_code: str | None = None, **headers: str) -> Behaviour:
    return status(code, {"error": {"message": message, "code": error_code}}, **headers)


def hangs(seconds: float = 30) -> Behaviour:
    return lambda _: time.sleep(seconds)


def drips(connection: socket.socket) -> None:
    """A byte now and then: each read succeeds, the answer never comes."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n")
    for _ in range(300):
        connection.sendall(b" ")
        time.sleep(0.1)


def sends(raw: bytes) -> Behaviour:
    return lambda connection: connection.sendall(raw)


def drops_mid_answer(connection: socket.socket) -> None:
    connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n{"id": ')


def streams(*texts: str, ends: bool = True, then: bytes = b"") -> Behaviour:
    """Server-sent events; without `ends` the connection closes in the middle."""
    events = [_chunk({"role": "assistant", "content": text}, None) for text in texts]
    if ends:
        events += [_chunk({}, "stop"), _head("chat.completion.chunk") | {"choices": [], "usage": USAGE}]
    body = b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in events)
    end = b"data: [DONE]\n\n" if ends else b""
    return sends(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" + body + then + end)


USAGE = {"prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 9, "prompt_tokens_details": {"cached_tokens": 3}}


def _head(kind: str) -> dict[str, Any]:
    return {"id": "x", "object": kind, "created": 1, "model": "m"}


def _chunk(delta: dict[str, Any], finish_reason: str | None) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    return _head("chat.completion.chunk") | {"choices": [choice]}


def _read_request(connection: socket.socket) -> bytes:
    received = b""
    while b"\r\n\r\n" not in received:
        piece = connection.recv(65536)
        if not piece:
            return received
        received += piece
    head, _, body = received.partition(b"\r\n\r\n")
    length = next(
        (int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0
    )
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body

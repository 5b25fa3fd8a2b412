"""A small web server on loopback that stands where the tracker is expected, and notes what it was asked."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

FORM = '<form method="post"><button>Stop</button></form>'


class Answer(NamedTuple):
    status: int = 200
    content: str = "ok"
    kind: str = "text/plain"
    location: str = ""


class Serving(NamedTuple):
    url: str
    asked: list[tuple[str, str]]
    """Method and path."""


@contextmanager
def serving(answers: Mapping[str, Answer]) -> Iterator[Serving]:
    """Answers a path by the longest of these beginnings that it has; 404 without one."""
    asked: list[tuple[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append((self.command, self.path))
            fitting = sorted((path for path in answers if self.path.startswith(path)), key=len)
            answer = answers[fitting[-1]] if fitting else Answer(404, "nothing here", "text/html")
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.kind)
            if answer.location:
                self.send_header("Location", answer.location)
            self.end_headers()
            self.wfile.write(answer.content.encode())

        do_POST = do_GET

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield Serving(f"http://127.0.0.1:{server.server_port}", asked)
        finally:
            server.shutdown()
            thread.join()

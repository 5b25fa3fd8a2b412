"""Web sites from a folder, on loopback: one sub-folder a host, told apart by the Host header, as on the real web."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

from miniatures.datamodel.errors import InputError

_TYPES = {
    ".html": "text/html",  # no charset: pages state their own, as a plain static server would leave it to them
    ".htm": "text/html",
    ".txt": "text/plain; charset=utf-8",
    ".md": "text/markdown; charset=utf-8",
    ".pdf": "application/pdf",
    ".css": "text/css",
    ".js": "text/javascript",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
}


@dataclass
class SiteServer:
    """A running server. `requests` counts `host/path` of each request, so that a test sees who was asked what."""

    address: str
    port: int
    requests: Counter[str] = field(default_factory=Counter)

    @property
    def target(self) -> str:
        """`address:port`, as the `hosts:` map of a campaign and `fetch.allow` take it."""
        return f"{self.address}:{self.port}"


@contextmanager
def serve_sites(folder: Path, port: int = 0, address: str = "127.0.0.1") -> Iterator[SiteServer]:
    """Serve `folder/HOST/...` until the block ends; port 0 takes a free one.

    Raises:
        InputError: the folder is missing, or the port is taken.
    """
    if not folder.is_dir():
        raise InputError(f"{folder} is no folder of sites", hint="It should hold one sub-folder per host name.")
    site = SiteServer(address, port)
    try:
        server = _Server((address, port), _handler(folder.resolve(), site.requests))
    except OSError as error:
        raise InputError(f"{address}:{port} cannot be listened on: {error}", hint="Choose another port.") from error
    site.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True, name="site-server")
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128


def _handler(folder: Path, requests: Counter[str]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 30
        disable_nagle_algorithm = True
        wbufsize = -1  # head and body leave together

        def do_GET(self) -> None:
            host = (self.headers.get("Host") or "").lower()
            host = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
            path = unquote(self.path.partition("?")[0])
            requests[f"{host}{path}"] += 1
            found = find_document(folder, host, path)
            if found is None:
                self._answer(HTTPStatus.NOT_FOUND, b"<h1>Not found</h1>", {"Content-Type": "text/html"})
                return
            tag = f'"{found.stat().st_mtime_ns:x}-{found.stat().st_size:x}"'
            headers = {"ETag": tag, "Last-Modified": formatdate(found.stat().st_mtime, usegmt=True)}
            if self.headers.get("If-None-Match") == tag:
                self._answer(HTTPStatus.NOT_MODIFIED, b"", headers)
                return
            headers["Content-Type"] = _TYPES.get(found.suffix.lower(), "application/octet-stream")
            self._answer(HTTPStatus.OK, found.read_bytes(), headers)

        do_HEAD = do_GET

        def _answer(self, status: HTTPStatus, body: bytes, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if status is not HTTPStatus.NOT_MODIFIED:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Quiet: `requests` tells what was asked."""

    return Handler


def find_document(folder: Path, host: str, path: str) -> Path | None:
    """The file for a URL path, `index.html` for a folder; None if there is none or the path leads out of the host's."""
    root = folder / host
    if not host or "/" in host or host.startswith(".") or "\x00" in path:
        return None
    found = (root / path.lstrip("/")).resolve()
    if found.is_dir():
        found = found / "index.html"
    return found if found.is_relative_to(root.resolve()) and found.is_file() else None

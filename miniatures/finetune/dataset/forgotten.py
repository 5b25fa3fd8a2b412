"""Somebody who is to be forgotten in a dataset: which of its examples are theirs, a flag beside it, and their removal.

A set is frozen by hashes, so a row that goes gives the set another name; the flag keeps the old one, because cards of
what was trained on it have that. Taking rows out can be interrupted anywhere: the smaller set is written whole beside
the folder, then moved in file by file with the manifest last, and whatever was begun is finished first the next time.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from pydantic import Field, ValidationError

from miniatures.datamodel.dataset import DatasetManifest, DatasetRow, Split, SplitFile
from miniatures.datamodel.errors import InputError
from miniatures.datamodel.files import read_regular
from miniatures.datamodel.frozen import Frozen, Strict
from miniatures.datamodel.mention import Mentions
from miniatures.datamodel.moment import Moment
from miniatures.finetune.dataset.folder import (
    FORGOTTEN,
    MANIFEST,
    PREFERENCES,
    Dataset,
    openai_name,
    write_lines,
    write_manifest,
)
from miniatures.weights.home import write_atomically

_LARGEST = 50_000_000


class DatasetFlag(Frozen):
    """One person whose examples a dataset has or had. Nothing in it tells who."""

    person: str = Field(description="Keyed hash of the address, as the suppression list has it.")
    manifest: str = Field(description="Hash of the manifest of the set that had their examples.")
    examples: tuple[str, ...] = Field(description="Which they are, so that they are found when their traces are gone.")
    since: Moment


class _Flags(Strict):
    flags: tuple[DatasetFlag, ...] = ()


def flags_of(folder: Path) -> tuple[DatasetFlag, ...]:
    """The people whose examples the set in a folder has or had, and who are forgotten since.

    Raises:
        InputError: the file of flags is damaged.
    """
    path = folder / FORGOTTEN
    if not path.exists():
        return ()
    try:
        return _Flags.model_validate_json(read_regular(path, _LARGEST)).flags
    except ValidationError as error:
        raise InputError(f"the flags {path} cannot be read", hint="Restore the file, or move it away.") from error


def add_flag(folder: Path, new: DatasetFlag) -> None:
    """Flag the set in a folder; of one person in one set there is one flag, with all examples that were ever found."""
    known = flags_of(folder)
    same = [one for one in known if (one.person, one.manifest) == (new.person, new.manifest)]
    examples = sorted({*new.examples, *(id for one in same for id in one.examples)})
    merged = new.model_copy(update={"examples": tuple(examples), "since": min(one.since for one in [*same, new])})
    flags = (*(one for one in known if one not in same), merged)
    write_atomically(folder / FORGOTTEN, _Flags(flags=flags).model_dump_json(indent=2) + "\n")


def examples_of(dataset: Dataset, person: str, lineage: Collection[str]) -> set[str]:
    """The examples that were made of these calls and reviews, each named as `trace:ID` or `review:ID`, or that are
    flagged as the person's."""
    wanted, there = set(lineage), dataset.manifest.lineage
    flagged = {id for flag in flags_of(dataset.folder) if flag.person == person for id in flag.examples}
    return {id for id, lines in there.items() if not wanted.isdisjoint(lines)} | (flagged & there.keys())


def examples_naming(dataset: Dataset, mentions: Mentions) -> set[str]:
    """The examples in which the person's own address or full name stands, as in chats, which have no surrogates."""
    return {row.id for split in Split for line, row in _lines(dataset, split) if mentions.are_in(line)}


def take_out(dataset: Dataset, examples: Collection[str]) -> DatasetManifest:
    """Rewrite the set without these examples; every other row keeps its bytes. Returns the new manifest."""
    folder, beside = dataset.folder, _beside(dataset.folder)
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir()
    splits: dict[Split, SplitFile] = {}
    extra: dict[str, str] = {}
    kept: list[DatasetRow] = []
    for split in Split:
        rows = [(line, row) for line, row in _lines(dataset, split)]
        stay = [(line, row) for line, row in rows if row.id not in examples]
        name = dataset.manifest.splits[split].name
        sha256 = write_lines(beside / name, (line for line, _ in stay))
        companies = len({row.example.company for _, row in stay})
        splits[split] = SplitFile(name=name, sha256=sha256, examples=len(stay), companies=companies)
        extra |= _others(dataset, split, [row for _, row in rows], examples, beside)
        kept += [row for _, row in stay]
    manifest = dataset.manifest.model_copy(
        update={
            "splits": splits,
            "extra_files": extra,
            "roles": dict(sorted(Counter(row.example.role for row in kept).items())),
            "example_sources": dict(sorted(Counter(row.example.source.value for row in kept).items())),
            "lineage": {id: lines for id, lines in dataset.manifest.lineage.items() if id not in examples},
        }
    )
    write_manifest(beside, manifest)
    finish_taking_out(folder)
    return manifest


def finish_taking_out(folder: Path) -> None:
    """Finish what `take_out` was interrupted in: a set that lies whole beside the folder is moved in."""
    beside = _beside(folder)
    if (beside / MANIFEST).is_file():  # It is written last and moved last.
        manifest = DatasetManifest.model_validate_json((beside / MANIFEST).read_bytes())
        if PREFERENCES not in manifest.extra_files:
            (folder / PREFERENCES).unlink(missing_ok=True)
        for path in sorted(beside.iterdir(), key=lambda path: path.name == MANIFEST):
            path.replace(folder / path.name)
    shutil.rmtree(beside, ignore_errors=True)


def _beside(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.forgetting")


def _lines(dataset: Dataset, split: Split) -> Iterator[tuple[str, DatasetRow]]:
    path = dataset.folder / dataset.manifest.splits[split].name
    with path.open(encoding="utf-8", newline="\n") as lines:
        yield from ((line.rstrip("\n"), row) for line, row in zip(lines, dataset.rows(split), strict=True))


def _others(
    dataset: Dataset, split: Split, rows: Iterable[DatasetRow], examples: Collection[str], beside: Path
) -> dict[str, str]:
    """The files of other formats, whose lines are those of the rows that have an answer, or two of them."""
    answered = [row for row in rows if row.example.answer is not None]
    files = {openai_name(split): answered}
    if split is Split.TRAIN:
        files[PREFERENCES] = [row for row in rows if row.example.rejected is not None]
    written = {}
    for name, its_rows in files.items():
        if name in dataset.manifest.extra_files:
            lines = (dataset.folder / name).read_text(encoding="utf-8").split("\n")
            stay = [line for line, row in zip(lines, its_rows, strict=False) if row.id not in examples]
            if stay or name != PREFERENCES:
                written[name] = write_lines(beside / name, stay)
    return written


def remembered_hashes(dataset: Dataset) -> set[str]:
    """Under which hashes the set is known to cards: its own, and those it had before rows were taken out."""
    return {dataset.manifest.hash} | {flag.manifest for flag in flags_of(dataset.folder)}

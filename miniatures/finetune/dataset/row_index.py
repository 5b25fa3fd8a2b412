"""Where each row of a dataset begins, so that a page of a large one is shown without reading the others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from pydantic import ValidationError
from pydantic_core import from_json

from miniatures.datamodel.dataset import DatasetRow, Split
from miniatures.datamodel.errors import InputError
from miniatures.finetune.dataset.folder import REBUILD, Dataset


@dataclass(frozen=True, slots=True)
class RowPlace:
    """One row: where it lies, and what it is told apart by."""

    split: Split
    start: int
    role: str
    source: str
    lineage: tuple[str, ...]


@dataclass(frozen=True)
class RowIndex:
    """All rows of a dataset, in its order."""

    dataset: Dataset
    places: tuple[RowPlace, ...]

    def chosen(self, split: Split | None = None, role: str = "", source: str = "") -> list[RowPlace]:
        """The rows of this split, role and source; of any where none is named."""
        return [
            place
            for place in self.places
            if (split is None or place.split is split)
            and (not role or place.role == role)
            and (not source or place.source == source)
        ]

    def rows(self, places: Iterable[RowPlace]) -> list[DatasetRow]:
        """The rows that lie there.

        Raises:
            InputError: the file has changed since, or a line is no row.
        """
        return [self._row(place) for place in places]

    def lineage(self, splits: Sequence[Split], roles: Sequence[str]) -> Iterator[str]:
        """What the rows of these splits and roles were made from: traces, reviews and gold examples."""
        for place in self.places:
            if place.split in splits and place.role in roles:
                yield from place.lineage

    def _row(self, place: RowPlace) -> DatasetRow:
        path = self.dataset.folder / self.dataset.manifest.splits[place.split].name
        try:
            with path.open("rb") as file:
                file.seek(place.start)
                return DatasetRow.model_validate_json(file.readline())
        except (OSError, ValidationError) as error:
            raise InputError(
                f"{path}: what lies at byte {place.start:,} is not a row of a dataset", hint=REBUILD
            ) from error


def row_index(dataset: Dataset) -> RowIndex:
    """Read the dataset once.

    Raises:
        InputError: a line is no row; names the file and the line.
    """
    return RowIndex(dataset, tuple(place for split in Split for place in _places(dataset, split)))


def _places(dataset: Dataset, split: Split) -> Iterator[RowPlace]:
    path = dataset.folder / dataset.manifest.splits[split].name
    start = 0
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                example = from_json(line)["example"]
                lineage = tuple(map(str, example["lineage"]))
                yield RowPlace(split, start, str(example["role"]), str(example["source"]), lineage)
            except (ValueError, TypeError, KeyError) as error:
                raise InputError(f"{path}, line {number}: not a row of a dataset", hint=REBUILD) from error
            start += len(line)

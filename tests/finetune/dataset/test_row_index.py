"""A page of a dataset is read without its other rows, and datasets are found wherever they lie."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from miniatures.datamodel.dataset import Split
from miniatures.datamodel.errors import InputError
from miniatures.datamodel.example import Source
from miniatures.finetune.dataset.build import BuildSettings, build_dataset
from miniatures.finetune.dataset.found import find_datasets
from miniatures.finetune.dataset.row_index import row_index
from tests.finetune.small_examples import body, example, firm

EXAMPLES = [
    example(firm(number), body(number), Source.ACCEPTED if number % 3 else Source.EDITED) for number in range(12)
]


def test_rows_are_found_by_their_places(tmp_path: Path) -> None:
    dataset = build_dataset(EXAMPLES, tmp_path / "data", BuildSettings(test=0.25))
    index = row_index(dataset)
    everything = [row for split in Split for row in dataset.rows(split)]
    assert index.rows(index.places) == everything
    tested = index.chosen(Split.TEST)
    assert index.rows(tested) == list(dataset.rows(Split.TEST))
    edited = index.rows(index.chosen(source="edited"))
    assert edited == [row for row in everything if row.example.source is Source.EDITED]
    assert index.chosen(role="researcher") == []
    learned = {name for row in dataset.rows(Split.TRAIN) for name in row.example.lineage}
    assert set(index.lineage([Split.TRAIN], ["writer"])) == learned
    assert list(index.lineage([Split.TRAIN], ["researcher"])) == []


def test_a_damaged_line_is_told(tmp_path: Path) -> None:
    dataset = build_dataset(EXAMPLES, tmp_path / "data", BuildSettings())
    index = row_index(dataset)
    path = dataset.folder / "train.jsonl"
    path.write_text("{}\n" + path.read_text())
    with pytest.raises(InputError, match=r"train\.jsonl, line 1: not a row of a dataset"):
        row_index(dataset)
    with pytest.raises(InputError, match="is not a row of a dataset"):
        index.rows(index.places[1:])


def test_datasets_are_found_below_a_folder(tmp_path: Path) -> None:
    one, two = tmp_path / "campaign" / "data", tmp_path / "campaign" / "runs" / "more"
    for folder in (one, two, tmp_path / "campaign" / ".hidden", tmp_path / "a" / "b" / "c" / "d" / "e" / "deep"):
        build_dataset(EXAMPLES[:2], folder, BuildSettings())
    (tmp_path / "campaign" / "site").mkdir()
    (tmp_path / "campaign" / "site" / "manifest.json").write_text('{"name": "an app of the web"}')
    (tmp_path / "campaign" / "odd").mkdir()
    os.mkfifo(tmp_path / "campaign" / "odd" / "manifest.json")
    assert find_datasets(tmp_path) == [one, two]
    assert find_datasets(one) == [one]
    assert find_datasets(tmp_path / "nowhere") == []
    (one / "manifest.json").write_text("{")
    assert find_datasets(tmp_path / "campaign") == [one, two], "a damaged one is one"

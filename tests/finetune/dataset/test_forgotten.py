"""Taking a person's examples out of a dataset leaves a whole one, wherever it is interrupted, and every other line."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from miniatures.datamodel.dataset import Split
from miniatures.datamodel.errors import InputError
from miniatures.datamodel.example import Source
from miniatures.datamodel.mention import Mentions
from miniatures.finetune.dataset.build import BuildSettings, build_dataset
from miniatures.finetune.dataset.folder import FORGOTTEN, Dataset, open_dataset
from miniatures.finetune.dataset.forgotten import (
    DatasetFlag,
    add_flag,
    examples_naming,
    examples_of,
    finish_taking_out,
    flags_of,
    remembered_hashes,
    take_out,
)
from tests.finetune.small_examples import body, example, firm

NOW = datetime(2026, 10, 5, tzinfo=UTC)
LATER = datetime(2026, 11, 5, tzinfo=UTC)
ADA = Mentions("ada@x.example", [("Ada", "Okafor")])
SETTINGS = BuildSettings(test=0.2, validation=0.2, sources=("autumn",))


def built(folder: Path) -> Dataset:
    examples = [example(firm(number), body(number)) for number in range(20)]
    edited = example("Edited Works", body(30), Source.EDITED, rejected=body(31))
    named = example("Naming Works", f"{body(40)} Ask Ada Okafor.")
    return build_dataset([*examples, edited, named], folder, SETTINGS)


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def ids(dataset: Dataset) -> set[str]:
    return {row.id for split in Split for row in dataset.rows(split)}


def test_examples_are_found_by_their_calls_by_their_flag_and_by_name(tmp_path: Path) -> None:
    dataset = built(tmp_path / "d")
    [hers] = examples_of(dataset, "p", [f"trace:{firm(3)}", "trace:of another set"])
    [named] = examples_naming(dataset, ADA)
    assert dataset.manifest.lineage[hers] == (f"trace:{firm(3)}",)
    assert dataset.manifest.lineage[named] == ("trace:Naming Works",)
    add_flag(dataset.folder, DatasetFlag(person="p", manifest="m", examples=(hers, "gone"), since=NOW))
    assert examples_of(dataset, "p", []) == {hers}
    assert examples_of(dataset, "somebody else", []) == set()


def test_every_other_line_of_every_file_stays_as_it_was(tmp_path: Path) -> None:
    dataset = built(tmp_path / "d")
    gone = examples_of(dataset, "p", ["trace:Edited Works", f"trace:{firm(0)}", f"trace:{firm(7)}"])
    before = {name: data.splitlines() for name, data in content(dataset.folder).items() if name.endswith("jsonl")}
    manifest = take_out(dataset, gone)
    after = open_dataset(dataset.folder)
    assert after.manifest == manifest != dataset.manifest
    assert ids(after) == dataset.manifest.lineage.keys() - gone == after.manifest.lineage.keys()
    for name, lines in before.items():
        path = dataset.folder / name
        kept = path.read_bytes().splitlines() if path.exists() else []
        assert kept == [line for line in lines if line in kept]
    assert "preferences.jsonl" in before and not (dataset.folder / "preferences.jsonl").exists()
    assert sum(len(before[f"openai.{split}.jsonl"]) for split in ("train", "validation")) - sum(
        len((dataset.folder / f"openai.{split}.jsonl").read_bytes().splitlines()) for split in ("train", "validation")
    ) == sum(len(before[f"{split}.jsonl"]) for split in ("train", "validation")) - sum(
        manifest.splits[split].examples for split in (Split.TRAIN, Split.VALIDATION)
    )


@pytest.mark.parametrize("moves", range(8))
def test_what_was_interrupted_is_finished_or_was_not_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moves: int
) -> None:
    dataset = built(tmp_path / "d")
    gone = examples_of(dataset, "p", ["trace:Edited Works"])
    before, replace, left = content(dataset.folder), Path.replace, [moves]

    def interrupted(self: Path, target: Path) -> Path:
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        return replace(self, target)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Path, "replace", interrupted)
        take_out(dataset, gone)
        raise KeyboardInterrupt
    finish_taking_out(dataset.folder)
    if moves == 0:
        assert content(dataset.folder) == before
    else:
        assert ids(open_dataset(dataset.folder)) == dataset.manifest.lineage.keys() - gone
    assert [path.name for path in tmp_path.iterdir()] == ["d"]


def test_a_flag_of_one_person_in_one_set_is_kept_once_and_grows(tmp_path: Path) -> None:
    folder = built(tmp_path / "d").folder
    for flag in (
        DatasetFlag(person="p", manifest="m", examples=("b",), since=LATER),
        DatasetFlag(person="q", manifest="m", examples=("c",), since=NOW),
        DatasetFlag(person="p", manifest="m", examples=("a",), since=NOW),
    ):
        add_flag(folder, flag)
    assert [(one.person, one.examples, one.since) for one in flags_of(folder)] == [
        ("q", ("c",), NOW),
        ("p", ("a", "b"), NOW),
    ]


def test_a_flagged_set_is_still_whole_and_is_known_by_its_old_names_until_it_is_built_anew(tmp_path: Path) -> None:
    dataset = built(tmp_path / "d")
    add_flag(dataset.folder, DatasetFlag(person="p", manifest="older", examples=(), since=NOW))
    assert remembered_hashes(open_dataset(dataset.folder)) == {dataset.manifest.hash, "older"}
    again = built(tmp_path / "d")
    assert not (again.folder / FORGOTTEN).exists()
    assert remembered_hashes(again) == {dataset.manifest.hash}


def test_damaged_flags_are_told(tmp_path: Path) -> None:
    folder = built(tmp_path / "d").folder
    (folder / FORGOTTEN).write_text('{"flags": 3}')
    with pytest.raises(InputError, match="cannot be read"):
        flags_of(folder)

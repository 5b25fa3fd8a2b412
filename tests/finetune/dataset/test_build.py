"""A dataset is the same bytes whatever the order, never divides a company, and says so when it was damaged."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miniatures.datamodel.capabilities import Trust
from miniatures.datamodel.dataset import DropReason, Split
from miniatures.datamodel.errors import InputError
from miniatures.datamodel.example import Source
from miniatures.finetune.dataset.build import BuildSettings, build_dataset
from miniatures.finetune.dataset.folder import open_dataset
from miniatures.finetune.dataset.stats import dataset_stats, distribution
from miniatures.weights.home import content_sha256
from tests.finetune.small_examples import body, example, firm

MANY = [example(firm(number % 12), body(number)) for number in range(40)]
SETTINGS = BuildSettings(test=0.2, validation=0.2, sources=("autumn",), dropped={DropReason.REJECTED: 2})


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_building_twice_in_any_order_gives_the_same_bytes(tmp_path):
    build_dataset(MANY, tmp_path / "a", SETTINGS)
    build_dataset([*reversed(MANY), MANY[3]], tmp_path / "b", SETTINGS)
    assert content(tmp_path / "a") == content(tmp_path / "b")
    build_dataset(MANY, tmp_path / "c", replace(SETTINGS, seed=8))
    assert content(tmp_path / "a") != content(tmp_path / "c")


def test_of_near_duplicates_what_a_person_stands_behind_is_kept(tmp_path):
    text = body(1)
    given_examples = [example("A", text), example("B", text, Source.EDITED, rejected=body(2)), example("C", body(3))]
    dataset = build_dataset(given_examples, tmp_path / "d", SETTINGS)
    rows = [row for split in Split for row in dataset.rows(split)]
    assert sorted(row.example.company for row in rows) == ["B", "C"]
    assert dataset.manifest.dropped == {DropReason.NEAR_DUPLICATE: 1, DropReason.REJECTED: 2}
    kept = build_dataset(given_examples, tmp_path / "k", replace(SETTINGS, keep_near_duplicates=True))
    assert (sum(kept.manifest.roles.values()), kept.manifest.flagged_near_duplicates) == (3, 1)


def test_an_example_that_cannot_be_rendered_is_counted_and_a_set_of_them_refused(tmp_path):
    broken = MANY[0].model_copy(update={"variables": {"prospect": {}}})
    dataset = build_dataset([*MANY[1:], broken], tmp_path / "d", SETTINGS)
    assert dataset.manifest.dropped[DropReason.UNRENDERABLE] == 1
    with pytest.raises(InputError, match="no question to a writer: brief: Field required"):
        build_dataset([broken], tmp_path / "e", SETTINGS)
    with pytest.raises(InputError, match="no example is left"):
        build_dataset([], tmp_path / "f", SETTINGS)
    assert not (tmp_path / "e").exists()


def test_a_small_writer_is_trusted_with_the_languages_of_its_emails(tmp_path):
    brief = {**MANY[0].variables["brief"], "language": "de-AT"}
    german = [one.model_copy(update={"variables": {**one.variables, "brief": brief}}) for one in MANY[:20]]
    built = build_dataset([*german, *MANY[20:]], tmp_path / "d", SETTINGS)
    assert built.manifest.trust.languages == ("de", "en")
    large = build_dataset(MANY, tmp_path / "e", replace(SETTINGS, trust=Trust()))
    assert large.manifest.trust.languages == ()


def test_a_rebuild_leaves_nothing_of_the_dataset_before(tmp_path):
    only_train = BuildSettings(validation=0)
    build_dataset([example("A", body(1), Source.EDITED, rejected=body(2))], tmp_path, only_train)
    pairs = [json.loads(line) for line in (tmp_path / "preferences.jsonl").read_text().splitlines()]
    assert [json.loads(pairs[0][side][0]["content"])["body"] for side in ("chosen", "rejected")] == [body(1), body(2)]
    build_dataset([example("A", body(1))], tmp_path, only_train)
    assert not (tmp_path / "preferences.jsonl").exists()
    assert open_dataset(tmp_path).manifest.roles == {"writer": 1}


def test_a_folder_with_anything_else_in_it_is_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(InputError, match=r"thesis\.txt"):
        build_dataset(MANY, tmp_path, SETTINGS)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize(
    "own",
    [
        {"chats.jsonl": '{"prompt": "a", "completion": "b"}'},
        {"train.jsonl": "mine"},
        {"manifest.json": '{"name": "an extension"}', "data.jsonl": "mine"},
        {"manifest.json": '{"name": "an extension"}'},
        {"notes.part": "mine"},
    ],
    ids=", ".join,
)
def test_one_s_own_files_of_similar_names_are_left_alone(tmp_path, own):
    for name, text in own.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match="no part of a dataset"):
        build_dataset(MANY, tmp_path, SETTINGS)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == own


def test_one_s_own_file_in_a_dataset_is_left_alone(tmp_path):
    before = build_dataset(MANY, tmp_path, SETTINGS).manifest
    (tmp_path / "chats.jsonl").write_text("mine")
    with pytest.raises(InputError, match=r"chats\.jsonl"):
        build_dataset(MANY[:5], tmp_path, SETTINGS)
    assert (tmp_path / "chats.jsonl").read_text() == "mine" and open_dataset(tmp_path).manifest == before


def test_what_was_half_built_or_damaged_is_built_again(tmp_path):
    build_dataset(MANY, tmp_path, SETTINGS)
    (tmp_path / "manifest.json").rename(tmp_path / "manifest.json.part")
    build_dataset(MANY, tmp_path, SETTINGS)
    (tmp_path / "manifest.json").write_bytes(b'{"splits')
    build_dataset(MANY, tmp_path, SETTINGS)
    assert open_dataset(tmp_path).manifest.roles == {"writer": len(MANY)}


def test_the_openai_file_holds_the_same_chats(tmp_path):
    dataset = build_dataset(MANY, tmp_path, SETTINGS)
    chats = [json.loads(line)["messages"] for line in (tmp_path / "openai.train.jsonl").read_text().splitlines()]
    assert chats == [[one.model_dump() for one in row.messages] for row in dataset.rows(Split.TRAIN)]
    assert {turn["role"] for chat in chats for turn in chat} == {"system", "user", "assistant"}


@pytest.mark.parametrize("damage", ["changed", "cut", "missing", "manifest", "manifest_bytes", "deep", "split", "line"])
def test_damage_is_named(tmp_path, damage):
    build_dataset(MANY, tmp_path, SETTINGS)
    train, manifest = tmp_path / "train.jsonl", tmp_path / "manifest.json"
    match damage:
        case "changed":
            train.write_text(train.read_text().replace("amber", "umber", 1))
        case "cut":
            train.write_bytes(train.read_bytes()[:-40])
        case "missing":
            train.unlink()
        case "manifest":
            manifest.write_text(manifest.read_text()[:-30])
        case "manifest_bytes":
            manifest.write_bytes(b"\xff\xfe")
        case "deep":
            manifest.write_text("[" * 100_000)
        case "split":
            data = json.loads(manifest.read_text())
            del data["splits"]["train"]
            manifest.write_text(json.dumps(data))
        case "line":
            dataset = open_dataset(tmp_path)
            train.write_bytes(b"\xff{}\n" + train.read_bytes())
            with pytest.raises(InputError, match=r"train\.jsonl, line 1"):
                list(dataset.rows(Split.TRAIN))
    with pytest.raises(
        InputError, match="manifest" if damage in ("manifest", "manifest_bytes", "deep", "split") else "train"
    ):
        open_dataset(tmp_path)


@pytest.mark.parametrize("name", ["../elsewhere.jsonl", "/etc/hostname", "", "a" * 5_000, "a\0b", "\ud800"])
def test_a_manifest_names_files_of_a_dataset_alone(tmp_path, name):
    (tmp_path / "elsewhere.jsonl").write_text("")
    build_dataset(MANY, tmp_path / "data", SETTINGS)
    manifest = tmp_path / "data" / "manifest.json"
    data = json.loads(manifest.read_text())
    data["extra_files"][name] = content_sha256(tmp_path / "elsewhere.jsonl")
    manifest.write_text(json.dumps(data))
    with pytest.raises(InputError, match="no file of a dataset"):
        open_dataset(tmp_path / "data")


def test_a_row_without_messages_is_no_row(tmp_path):
    dataset = build_dataset(MANY, tmp_path, SETTINGS)
    row = json.loads((tmp_path / "train.jsonl").read_text().splitlines()[0])
    (tmp_path / "train.jsonl").write_text(json.dumps({**row, "messages": []}))
    with pytest.raises(InputError, match=r"train\.jsonl, line 1"):
        list(dataset.rows(Split.TRAIN))


def test_an_example_that_stands_twice_is_not_counted_twice(tmp_path):
    dataset = build_dataset(MANY, tmp_path, SETTINGS)
    test = tmp_path / "test.jsonl"
    test.write_text(test.read_text() * 2)
    with pytest.raises(InputError, match=r"test\.jsonl, line \d+: this example stands here twice"):
        list(dataset.rows(Split.TEST))


def test_an_example_that_no_file_takes_is_left_out(tmp_path):
    dataset = build_dataset([*MANY, example("Frio", "\ud800 " + body(90))], tmp_path, SETTINGS)
    assert dataset.manifest.dropped[DropReason.UNRENDERABLE] == 1
    assert dataset.manifest.roles == {"writer": len(MANY)}


def test_no_dataset_is_said_to_be_none(tmp_path):
    with pytest.raises(InputError, match="is no dataset"):
        open_dataset(tmp_path)


def test_stats_count_everything(tmp_path):
    stats = dataset_stats(build_dataset(MANY, tmp_path, SETTINGS))
    assert stats.examples == 40 == sum(side.examples for side in stats.splits.values())
    assert (stats.companies, stats.dropped, stats.answers) == (12, {DropReason.REJECTED: 2}, {"checked": 40})
    answers = next(one for one in stats.lengths if one.what == "words of the answer")
    assert (answers.median, answers.most, sum(one.count for one in answers.bins)) == (30, 30, 40)


@given(st.lists(st.integers(0, 5_000), min_size=1, max_size=60))
def test_a_distribution_holds_every_length_in_few_bins(lengths):
    found = distribution("writer", "words", lengths)
    assert len(found.bins) <= 12
    for one in found.bins:
        assert one.count == sum(one.low <= length < one.high for length in lengths)
    assert sum(one.count for one in found.bins) == len(lengths)


def test_a_dataset_of_an_earlier_version_is_the_same_dataset(tmp_path):
    """Its manifest named a profile, and no taxonomy: the kinds of news stood in the code."""
    dataset = build_dataset(MANY, tmp_path / "d", SETTINGS)
    path = tmp_path / "d" / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    old = {name: value for name, value in manifest.items() if name not in ("trust", "taxonomy")}
    path.write_text(json.dumps({**old, "format": 1, "profile": "compact"}))
    assert open_dataset(tmp_path / "d").manifest.hash == dataset.manifest.hash
    path.write_text(json.dumps({**old, "format": 1, "profile": "huge"}))
    with pytest.raises(InputError, match="damaged"):
        open_dataset(tmp_path / "d")

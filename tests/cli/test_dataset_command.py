"""`dataset build` and `dataset stats` over a real store and over gold data."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from miniatures.cli.main import main
from miniatures.datamodel.errors import ExitCode
from miniatures.datamodel.prospect import Prospect
from miniatures.datamodel.review import Review, ReviewAction
from miniatures.finetune.dataset.trace_examples import SYNTHESIZE
from miniatures.store.open import open_store
from tests.checks.cases import PROSPECT
from tests.finetune.dataset.test_people import rule_model
from tests.finetune.small_space import write_space
from tests.finetune.written_traces import BAD, BETTER, CAMPAIGN, GOOD, researcher_trace, sighting_trace, writer_trace

OTHER = Prospect(email="maria@sunden.example", company="Nordfrost Sunden", first_name="María", last_name="Okonjo")


@pytest.fixture
def store(tmp_path) -> Path:
    """A store with one answer that a reviewer edited, one that nobody saw, and one that no check passed."""
    path = tmp_path / "store.sqlite"
    edited, unseen, refused = writer_trace(GOOD), writer_trace(GOOD, OTHER), writer_trace(BAD, OTHER, attempt=2)
    about = {"campaign": CAMPAIGN, "prospect": PROSPECT.key, "trace": edited.id, "answer": GOOD}
    review = Review(reviewer="ana", action=ReviewAction.EDIT, edited=BETTER, **about)
    with open_store(str(path)) as opened:
        for trace in (researcher_trace([1]), edited, unseen, refused):
            opened.recorder.record(trace)
        asyncio.run(opened.add_review(review))
    return path


@pytest.fixture
def build(tmp_path, store, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "160")

    def run(*options: str, source: str = CAMPAIGN) -> tuple[int, str]:
        code = main(["dataset", "build", "--from", source, "--store", str(store), "--out", "data", *options])
        said = capsys.readouterr()
        return code, said.out + said.err

    return run


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_words_of_a_manifest_neither_steer_the_terminal_nor_break_it(tmp_path, build, capsys):
    assert build()[0] == ExitCode.OK
    manifest = tmp_path / "data" / "manifest.json"
    odd = {"roles": {"\x1b]0;x\x07[/bold]": 1}, "example_sources": {"\u202e[/x]": 1}, "sources": ["\x1b[31m"]}
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), **odd}))
    assert main(["dataset", "stats", "data"]) == ExitCode.OK
    shown = capsys.readouterr().out
    assert "[/bold] 1" in shown and not any(one in shown for one in "\x1b\x07\u202e")


def test_a_campaign_becomes_a_dataset_of_strangers(tmp_path, build):
    code, said = build("--validation", "0", "--test", "0", "--json")
    assert code == ExitCode.OK, said
    stats = json.loads(said)
    assert stats["roles"] == {"researcher": 1, "writer": 2} or stats["dropped"].get("near_duplicate")
    assert (stats["dropped"]["failed_checks"], stats["preference_pairs"]) == (1, 1)
    text = (tmp_path / "data" / "train.jsonl").read_text()
    assert "María" not in text
    assert "Okonjo" not in text
    assert "Anna Berg" in text
    assert ":edit" in (tmp_path / "data" / "manifest.json").read_text()
    assert str(tmp_path) not in (tmp_path / "data" / "manifest.json").read_text()


def test_twice_gives_the_same_bytes(tmp_path, build):
    build()
    first = files(tmp_path / "data")
    build()
    assert files(tmp_path / "data") == first


def test_stats_say_what_was_left_out_and_why(build, capsys):
    build("--reviewed", "--role", "writer")
    assert main(["dataset", "stats", "data"]) == ExitCode.OK
    said = capsys.readouterr().out
    assert "1 example about 1 company" in said
    assert "nobody stands behind it" in said
    assert "By who wrote the answer: edited 1" in said
    assert "writer, words of the answer" in said
    assert "█" in said


@pytest.mark.parametrize(
    ("options", "source", "said"),
    [
        (["--accepted-only"], CAMPAIGN, "no example is left"),
        (["--until", "2020-01-01"], CAMPAIGN, "no example is left"),
        ([], "winter", "no traces of the campaign winter"),
    ],
)
def test_nothing_to_build_is_said(build, options, source, said):
    code, output = build(*options, source=source)
    assert code == ExitCode.BAD_INPUT
    assert said in output


def test_an_unknown_source_and_a_damaged_dataset_are_named(tmp_path, build, capsys):
    assert main(["dataset", "build", "--from", "nowhere", "--out", "d"]) == ExitCode.BAD_INPUT
    assert "nowhere is no campaign file" in capsys.readouterr().err
    build()
    (tmp_path / "data" / "train.jsonl").write_text("{}\n")
    assert main(["dataset", "stats", "data"]) == ExitCode.BAD_INPUT
    assert "was changed after the dataset was built" in capsys.readouterr().err


def test_gold_folders_in_any_order_give_the_same_bytes(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for name in ("one", "two"):
        case = "- {brief: frost, company: sunden, contact: 1, quotes: [1, 2]}\n"
        (write_space(tmp_path / name) / "cases.yaml").write_text(case)
    for out, order in (("a", ("one", "two")), ("b", ("two/", "one", "two"))):
        sources = [option for name in order for option in ("--from", name)]
        assert main(["dataset", "build", *sources, "--out", out]) == ExitCode.OK, capsys.readouterr().err
    assert files(tmp_path / "a") == files(tmp_path / "b")


def test_chats_of_ones_own_are_a_source_beside_a_campaign(tmp_path, build):
    chats = [
        {"messages": [{"role": "user", "content": f"q{n}"}, {"role": "assistant", "content": "a"}]} for n in range(4)
    ]
    (tmp_path / "mine.jsonl").write_text("\n".join(map(json.dumps, chats)))
    code, said = build("--from", "mine.jsonl", "--json")
    assert code == ExitCode.OK, said
    stats = json.loads(said)
    assert stats["roles"]["chat"] == 4 and stats["answers"]["own"] == 4
    assert stats["sources"] == [CAMPAIGN, "chats:mine.jsonl"]
    (tmp_path / "mine.jsonl").write_text('{"messages": []}')
    code, said = build("--from", "mine.jsonl")
    assert code == ExitCode.BAD_INPUT and "mine.jsonl, line 1: it does not end" in said


def test_people_in_chats_cannot_be_masked_and_nothing_is_written(tmp_path, build):
    (tmp_path / "mine.jsonl").write_text('{"prompt": "Who opens?", "completion": "Ottilie Brandvold."}')
    code, said = build("--mask-people", source="mine.jsonl")
    assert code == ExitCode.BAD_INPUT and "people in chats cannot be masked: mine.jsonl" in said
    assert not (tmp_path / "data").exists()


def test_a_folder_of_gold_folders_names_them(tmp_path, build):
    for name in ("atlas", "borealis"):
        write_space(tmp_path / "gold" / name)
    code, said = build(source="gold")
    assert code == ExitCode.BAD_INPUT
    assert "gold is a folder of gold folders" in said and "Give one of its folders: atlas, borealis." in said


def test_chats_in_a_file_of_another_name_are_told_how_to_call_it(tmp_path, build):
    (tmp_path / "chats.json").write_text('{"prompt": "a", "completion": "b"}\n{"prompt": "c", "completion": "d"}\n')
    code, said = build(source="chats.json")
    assert code == ExitCode.BAD_INPUT
    assert "chats.json does not end in .jsonl" in said and "call it chats.jsonl" in said


def test_third_persons_stay_unless_they_are_masked(tmp_path, store, build):
    pytest.importorskip("presidio_analyzer")
    sentence = "Ottilie Brandvold opened the second cold store at Kvalnes."
    with open_store(str(store)) as opened:
        opened.recorder.record(sighting_trace("expansion", sentence, node=SYNTHESIZE))
    everything = ("--validation", "0", "--test", "0")
    assert build(*everything)[0] == ExitCode.OK
    assert "Ottilie Brandvold" in (tmp_path / "data" / "train.jsonl").read_text(encoding="utf-8")
    code, said = build(*everything, "--mask-people", "--people-model", str(rule_model(tmp_path / "model")))
    assert code == ExitCode.OK, said
    masked = (tmp_path / "data" / "train.jsonl").read_text(encoding="utf-8")
    assert "Brandvold" not in masked and "opened the second cold store at Kvalnes." in masked
    code, said = build("--mask-people", "--people-model", "xx_none")
    assert code == ExitCode.BAD_INPUT and "xx_none is not installed" in said

"""A writer's own tellings with their readings: what is kept, and what a file must be."""

from __future__ import annotations

from pathlib import Path

import pytest

from miniatures.agents.roles.verifier import Form, Truth
from miniatures.datamodel.errors import InputError
from miniatures.datamodel.review import ReadingVerdict
from miniatures.finetune.arena.folder import read_hand
from miniatures.finetune.arena.turns import ReadTelling, is_turns, kept, read_turns
from miniatures.finetune.dataset.sources import find_sources, gather_examples
from miniatures.finetune.dataset.trace_examples import TraceSelection

ARENA = Path(__file__).parents[3] / "examples/arena"


def telling(verdict: ReadingVerdict, opening: str = "You opened a yard.") -> ReadTelling:
    return ReadTelling(
        offer="heron/quaytalk",
        company="yard.example",
        reader="Ada Winter",
        quote="We opened a yard.",
        signal="new_site",
        reason="good",
        opening=opening,
        thought="",
        claim=0,
        subject="The yard",
        writer="miniature:writer@0",
        read_by="somebody",
        truth=Truth.SUPPORTED,
        form=Form.GOOD,
        thought_truth=None,
        subject_truth=Truth.SUPPORTED,
        subject_form=Form.GOOD,
        verdict=verdict,
    )


def test_what_could_be_sent_is_kept_once() -> None:
    sent, edited = telling(ReadingVerdict.SEND), telling(ReadingVerdict.EDIT, "Your yard has been opened up.")
    assert kept([sent, edited, sent]) == [sent.authored]


def test_a_folder_of_turns_is_read_file_by_file(tmp_path: Path) -> None:
    folder = tmp_path / "turns"
    folder.mkdir()
    assert not is_turns(folder)
    first, second = telling(ReadingVerdict.SEND), telling(ReadingVerdict.REJECT)
    (folder / "2.jsonl").write_text(second.model_dump_json() + "\n\n")
    (folder / "1.jsonl").write_text(first.model_dump_json() + "\n")
    assert is_turns(folder)
    assert read_turns(folder) == (first, second)
    (folder / "3.jsonl").write_text("{}")
    with pytest.raises(InputError, match=r"3\.jsonl"):
        read_turns(folder)


def test_turns_teach_a_writer_what_was_kept_and_mended_and_a_verifier_all() -> None:
    sources = find_sources([str(ARENA / name) for name in ("heron", "offers", "turns")], None)
    selection = TraceSelection(roles=("writer", "verifier"))
    examples = gather_examples(sources, selection, seed=7, variants=0).examples
    told = {one.answer["body"] for one in examples if one.role == "writer" and one.answer}
    vetted = {one.variables["statement"] for one in examples if one.role == "verifier"}
    companies = read_hand(ARENA / "heron").companies
    briefs = ("heron/", "offers/")
    read = [one for one in read_turns(ARENA / "turns") if one.company in companies and one.offer.startswith(briefs)]
    assert read
    assert {one.opening for one in read} <= vetted
    assert all(any(one.opening in body for body in told) for one in kept(read))
    assert len(told) > len(kept(read))
    assert all(one.answer and one.answer.get("reason") != "poor" for one in examples if one.role == "writer")

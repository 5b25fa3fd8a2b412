"""Excerpts label every sentence of a part of a page, by words that stand in it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from miniatures.agents.roles.researcher import Judgement, PassageVariables, Status
from miniatures.datamodel.errors import InputError
from miniatures.finetune.arena.excerpts import excerpt_examples, is_excerpts, read_excerpts

ARENA = Path(__file__).parents[3] / "examples/arena"
LAST = "It rings there each morning at seven."
WORDS = """
excerpts:
- company: Fell Castings
  trade: foundry
  country: GB
  language: en
  title: News
  date: 2026-10-01
  blocks: ["# News", "We have cast a bell of four tonnes for the harbour. It rings there each morning at seven."]
  labels:
  - {quote: "We have cast a bell of four tonnes for the harbour.", status: news, kind: product, why: dated page}
  - {quote: "It QUOTED there each morning at seven.", status: empty, kind: none, why: says nothing}
"""


def test_the_excerpts_of_the_arena_are_in_order() -> None:
    assert is_excerpts(ARENA / "excerpts")
    excerpts = read_excerpts(ARENA / "excerpts")
    examples = list(excerpt_examples(excerpts, "2026-12-01"))
    statuses = Counter(one.answer["status"] for one in examples if one.answer)
    assert len(excerpts) == 138
    assert set(statuses) == set(Status)
    assert statuses["news"] > len(examples) / 4


def test_a_sentence_is_read_in_its_place(tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text(WORDS.replace("QUOTED", "rings"), encoding="utf-8")
    first, second = excerpt_examples(read_excerpts(tmp_path), "2026-12-01")
    asked = PassageVariables.model_validate(first.variables)
    assert (asked.text, asked.page_age, asked.after) == (
        "We have cast a bell of four tonnes for the harbour.",
        "2 months ago",
        LAST,
    )
    assert asked.heading == "News"
    assert Judgement.model_validate(second.answer) == Judgement(status=Status.EMPTY, kind="none")


def test_words_that_the_excerpt_does_not_hold_are_refused(tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text(WORDS.replace("QUOTED", "sings"), encoding="utf-8")
    with pytest.raises(InputError, match="does not hold the words 'It sings there"):
        read_excerpts(tmp_path)

"""The rubrics' Markdown becomes headings, lists and paragraphs, and nothing in it is markup of ours."""

from __future__ import annotations

import re

import pytest

from miniatures.app.web.markdown import Block, Words, blocks
from miniatures.review.rubric import comparing_text, reading_rubric_text, rubric_text


def test_headings_lists_and_paragraphs() -> None:
    text = "# Read it\n\nYou have\nall **pages**.\n\n- **stale**: old\n  news\n- invented\n\n1. one\n2. two\n"
    assert blocks(text) == [
        Block("heading", ((Words("Read it"),),)),
        Block("paragraph", ((Words("You have all "), Words("pages", bold=True), Words(".")),)),
        Block("list", ((Words("stale", bold=True), Words(": old news")), (Words("invented"),))),
        Block("numbers", ((Words("one"),), (Words("two"),))),
    ]


def test_a_line_that_begins_in_bold_is_one_of_its_own() -> None:
    [block] = blocks("**send** as it\nstands.\n**edit**: a few words")
    assert block.lines == (
        (Words("send", bold=True), Words(" as it stands.")),
        (Words("edit", bold=True), Words(": a few words")),
    )


@pytest.mark.parametrize("text", [rubric_text(), reading_rubric_text(), comparing_text()])
def test_no_rubric_loses_a_word_or_keeps_a_mark(text: str) -> None:
    found = " ".join("".join(words.text for words in line) for block in blocks(text) for line in block.lines)
    plain = re.sub(r"(?m)^(#+|-|\d+\.) |\*\*", "", text)
    assert found.split() == plain.split()

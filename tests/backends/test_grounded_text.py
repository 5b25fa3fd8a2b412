"""A grounded text holds the names and numbers of its list and no other; whatever the list says can be written."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miniatures.backends.grounded_text import KEYWORD, GroundedText, without_grounding
from miniatures.backends.json_grammar import json_grammar

xgrammar_testing = pytest.importorskip("xgrammar.testing")

LINE = GroundedText(
    names=("Amandine", "Tshabangu", "Brightwater", "Café", "I"),
    numbers=("7,200", "24", "2026", "3"),
    openings=("The", "They", "What"),
)
LETTER = LINE.model_copy(
    update={
        "openings": ("Dear", "Kind", "We"),
        "signatures": ("Amandine Tshabangu",),
        "details": ("Customer Lead", "Zephirin"),
    }
)
SIGNED = "Dear Amandine,\n\nWe read the news.\n\nKind regards,\nAmandine Tshabangu\nCustomer Lead, Zephirin"


def accepts(grounded: GroundedText, text: str) -> bool:
    schema = {
        "type": "object",
        "properties": {"text": {"type": "string", KEYWORD: grounded.model_dump(mode="json")}},
        "required": ["text"],
    }
    written = json.dumps({"text": text}, ensure_ascii=False, separators=(",", ":"))
    return bool(xgrammar_testing._is_grammar_accept_string(json_grammar(schema), written))


@pytest.mark.parametrize(
    "text",
    [
        "The 7,200 pallets of Brightwater",
        "The sensors work from -24 to +3 degrees",
        "Amandine's 24 vans, 3 of them new",
        'Brightwater-based crews (24 of them) said "yes" - and then no',
        "What it costs: €24, or 3 % of it; see 24/3",
        "The Brightwater. What, I was there at 3. They left",
        "They need 24, or 24+ vans, 24+ in all, and (3+3)",
        "I was there at 3. The Café \u2013 and only then \u2013 closed.",
    ],
)
def test_what_the_list_carries_can_be_written(text: str) -> None:
    assert accepts(LINE, text)


@pytest.mark.parametrize(
    "text",
    [
        "the vans of Amarandine",
        "the vans of Amandin",
        "the 7,201 pallets",
        "the 7 pallets",
        "the 243 pallets",
        "about 24pm",
        "the 24+rivals",
        "the 24%of it",
        "the 24,rivals",
        "it (24)was",
        "the cafés of Lyon",
        "a first line\nand a second",
        "the brightWater",
        "in .5 hours",
        "They left.\u201c",
        "Amarandine wrote",
        "The end. Nikolai called",
    ],
)
def test_what_it_does_not_carry_cannot(text: str) -> None:
    assert not accepts(LINE, text)


def test_only_a_text_that_may_be_empty_can_be() -> None:
    assert not accepts(LINE, "")
    nothing = LINE.model_copy(update={"empty": True})
    assert accepts(nothing, "")
    assert accepts(nothing, "The 7,200 pallets of Brightwater")
    assert not accepts(nothing, "The 7,300 pallets")


def test_a_letter_ends_with_its_signature() -> None:
    assert accepts(LETTER, SIGNED)
    assert accepts(LETTER, SIGNED.replace("\nCustomer Lead", ""))
    assert accepts(LETTER, SIGNED.replace("Kind regards,\n", ""))
    assert not accepts(LETTER, SIGNED.replace("\nAmandine Tshabangu", "\nAmandine Brightwater"))
    assert not accepts(LETTER, SIGNED + " and more")
    assert accepts(LETTER, SIGNED.rpartition("\n\n")[0]), "a model that never signs comes to an end"


def test_a_letter_of_few_sentences_ends_with_a_paragraph_of_one() -> None:
    short = LETTER.model_copy(update={"sentences": 3})
    head, tail = "Dear Amandine,\n\n", "\n\nKind regards,\nAmandine Tshabangu"
    assert accepts(short, f"{head}We read the news: 24 vans. We have 3.\n\nWe ask?{tail}")
    assert accepts(short, f"{head}We read the news.\n\nWe ask?{tail}")
    assert accepts(short, f"{head}We read the news.{tail}")
    assert not accepts(short, f"{head}We read the news. We have 3. We ask?{tail}")
    assert not accepts(short, f"{head}We read the news. We have 3.\n\nWe ask? We wait.{tail}")


def test_the_last_sentence_may_be_given() -> None:
    asking = LETTER.model_copy(update={"sentences": 3, "last": ("Shall we meet at 3?",)})
    head, tail = "Dear Amandine,\n\n", "\n\nKind regards,\nAmandine Tshabangu"
    assert accepts(asking, f"{head}We read the news. We have 3.\n\nShall we meet at 3?{tail}")
    assert accepts(asking, f"{head}We read the news. We ask?{tail}"), "an early question needs no other"
    assert not accepts(asking, f"{head}We read the news. We have 3.\n\nWe wait.{tail}")


def test_without_names_only_small_letters_are_left() -> None:
    assert accepts(GroundedText(), "nothing to copy")
    assert not accepts(GroundedText(), "nothing to Copy")


names = st.from_regex(r"[A-ZÀ-Ý][a-zß-ÿ'\u2019-]{1,10}", fullmatch=True).filter(
    lambda name: not re.search(r"\W\W", name)
)
numbers = st.integers(0, 10**7).map(lambda number: f"{number:,}")


@given(st.lists(names, min_size=1, max_size=6), st.lists(numbers, min_size=1, max_size=4), st.data())
def test_any_name_and_number_of_the_list_can_stand_in_a_sentence(
    listed: list[str], told: list[str], data: st.DataObject
) -> None:
    name, number = data.draw(st.sampled_from(listed)), data.draw(st.sampled_from(told))
    grounded = GroundedText(names=tuple(listed), numbers=tuple(told), openings=("They",))
    assert accepts(grounded, f"They said that {name} has {number} of them, {name}'s own.")


def test_engines_without_the_grammar_see_a_plain_schema() -> None:
    schema = {"properties": {"text": {"type": "string", KEYWORD: LINE.model_dump()}}, "allOf": [{KEYWORD: {}}]}
    assert without_grounding(schema) == {"properties": {"text": {"type": "string"}}, "allOf": [{}]}

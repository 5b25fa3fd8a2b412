"""A small researcher labels every sentence; the labels say the same as a selection."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from miniatures.agents.answers import NOTHING, Choice, Labels, Selection
from miniatures.agents.select import answer_form, labels_schema
from miniatures.backends.json_grammar import json_grammar
from miniatures.datamodel.backend import Profile

SIGNALS = ("expansion", "hiring")


@given(st.dictionaries(st.integers(1, 12), st.sampled_from(SIGNALS), max_size=8), st.integers(1, 8))
def test_labels_and_selection_say_the_same(chosen: dict[int, str], limit: int) -> None:
    choices = [Choice(number=number, signal=signal) for number, signal in sorted(chosen.items())]
    labels = Labels.of(Selection(choices=choices), 12)
    assert list(labels.root) == [str(number) for number in range(1, 13)]
    assert labels.selection(limit).choices == choices[:limit]


def test_nothing_labelled_is_an_empty_selection() -> None:
    assert Labels({"1": NOTHING, "2": NOTHING}).selection(4) == Selection(choices=[])


def test_the_form_follows_the_profile() -> None:
    assert answer_form(Profile.FULL, 3, 2, SIGNALS)[0] is Selection
    form, schema = answer_form(Profile.COMPACT, 3, 2, SIGNALS)
    assert form is Labels
    assert schema["required"] == ["1", "2", "3"]


def test_the_schema_has_a_grammar_and_needs_every_number() -> None:
    grammar = json_grammar(labels_schema(2, SIGNALS))
    opening = next(line for line in grammar.splitlines() if line.startswith("root")).split()[3]
    first = next(line for line in grammar.splitlines() if line.startswith(f"{opening} "))
    assert "1" in first
    assert "comma" not in first
    assert NOTHING in grammar

"""The grammar accepts what the schema accepts, written compactly, and none of the white space small models drown in."""

from __future__ import annotations

import json
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from miniatures.backends.json_grammar import Unsupported, json_grammar

xgrammar_testing = pytest.importorskip("xgrammar.testing")


class Pick(BaseModel):
    number: int = Field(ge=1, le=40)
    label: Literal["opening", 'quote"d', "ünïcode"]


class Answer(BaseModel):
    """Everything our own schemas use."""

    subject: str = Field(min_length=1)
    code: str = Field(default="", max_length=5)
    note: str | None = None
    picks: list[Pick] = Field(default_factory=list, max_length=3)
    flags: dict[str, bool] = Field(default_factory=dict)
    ratio: float = 0.0
    years: int = Field(default=0, ge=0)


def accepts(schema: dict[str, object], text: str) -> bool:
    return bool(xgrammar_testing._is_grammar_accept_string(json_grammar(schema), text))


def compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


SCHEMA = Answer.model_json_schema()
# What the schema's own validation knows and the grammar leaves to it (surrogates, lone or not) is not generated.
words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
answers = st.builds(
    Answer,
    subject=words,
    code=st.text('abcö/\\"', max_size=5),
    note=st.none() | words,
    picks=st.lists(st.builds(Pick), max_size=3),
    flags=st.dictionaries(words, st.booleans(), max_size=3),
    ratio=st.floats(-1e6, 1e6).map(lambda number: round(number, 6)),
    years=st.integers(0, 10**9),
)


@given(answers)
def test_every_valid_answer_is_accepted(answer: Answer) -> None:
    assert accepts(SCHEMA, compact(answer.model_dump(mode="json")))


@given(answers)
def test_defaults_may_be_left_out(answer: Answer) -> None:
    assert accepts(SCHEMA, compact(answer.model_dump(mode="json", exclude_defaults=True)))


@pytest.mark.parametrize("spaced", ['{"subject": "a"}', '{"subject":"a", "note":null}'])
def test_one_space_is_allowed(spaced: str) -> None:
    assert accepts(SCHEMA, spaced)


@pytest.mark.parametrize(
    "refused",
    [
        '{\n"subject":"a"}',
        '{"subject":  "a"}',
        '{"subject":""}',
        '{"subject":"line\nbreak"}',
        "{}",
        '{"note":null}',
        '{"subject":"a","code":"123456"}',
        '{"subject":"a","picks":[{"number":41,"label":"opening"}]}',
        '{"subject":"a","picks":[{"number":1,"label":"other"}]}',
        '{"subject":"a","years":-1}',
        '{"subject":"a","unknown":1}',
        '{"subject":"\\ud800"}',
        '{"subject":"a"} and more',
    ],
)
def test_what_is_wrong_is_refused(refused: str) -> None:
    assert not accepts(SCHEMA, refused)


def test_four_picks_are_too_many() -> None:
    pick = {"number": 1, "label": "opening"}
    assert accepts(SCHEMA, compact({"subject": "a", "picks": [pick] * 3}))
    assert not accepts(SCHEMA, compact({"subject": "a", "picks": [pick] * 4}))


class Tree(BaseModel):
    name: str
    children: list[Tree] = []


def test_recursive_schemas() -> None:
    schema = Tree.model_json_schema()
    assert accepts(schema, '{"name":"a","children":[{"name":"b","children":[]}]}')
    assert not accepts(schema, '{"name":"a","children":[{"name":1}]}')


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string"},
        {"type": "object", "properties": {"a": {"type": "string", "pattern": "x+"}}},
        {"type": "object", "properties": {"a": {"type": "integer", "minimum": 5}}},
        {"type": "object", "properties": {"a": {"type": "string", "format": "email"}}},
        {"type": "object", "properties": {"a": {"$ref": "#/nowhere"}}},
        {"type": "object", "properties": {"a": {"not": {}}}},
    ],
)
def test_what_it_cannot_hold_it_says(schema: dict[str, object]) -> None:
    with pytest.raises(Unsupported):
        json_grammar(schema)

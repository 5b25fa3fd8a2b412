"""A schema comes from anybody: whatever it is, a grammar of bounded size or one sentence comes out, and soon."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miniatures.backends.constraint import constraint_of
from miniatures.backends.errors import BadSchema
from miniatures.backends.schema_bounds import MAX_GRAMMAR

STRING = {"type": "string"}


def holding(value: Any, **others: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {"a": value}, **others}


def nested(depth: int, **keywords: Any) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(depth):
        schema = {"type": "array", "items": schema} | keywords
    return holding(schema)


def unions(depth: int) -> dict[str, Any]:
    """Each level names the next one in ten unions: ten to the power of `depth` when written out."""
    definitions: dict[str, Any] = {
        f"level{level}": {"anyOf": [{"type": "array", "items": {"$ref": f"#/$defs/level{level + 1}"}}] * 10}
        for level in range(depth)
    }
    return holding({"$ref": "#/$defs/level0"}, **{"$defs": definitions | {f"level{depth}": STRING}})


@pytest.mark.parametrize("schema", [nested(30, type=["array"] * 8), unions(15)], ids=["types", "references"])
def test_nested_unions_do_not_unfold(schema: dict[str, Any]) -> None:
    started = time.perf_counter()
    assert len(constraint_of(schema).text) < 100_000
    assert time.perf_counter() - started < 1


def either_way(depth: int) -> Any:
    return STRING if depth == 0 else {"anyOf": [{"type": "array", "items": either_way(depth - 1)}] * 2}


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        (holding(either_way(14)), "a grammar of more than 262,144 characters, at a.0.items.0"),
        (holding({"anyOf": [{"type": "null"}] * 10_001}), "unfolds into more than 10,000 schemas, at a.9998"),
        (nested(70), "nested more than 64 deep, at a.items.items"),
        (holding({"enum": list(range(5001))}), "lists more than 5,000 values"),
        (holding({"enum": ["x" * 100] * 5000}), "a grammar of more than 262,144 characters"),
        (holding({"$ref": "#/$defs/a"}, **{"$defs": {"a": {"$ref": "#/$defs/a"}}}), "refers to itself"),
        (
            holding(
                {"$ref": "#/$defs/a"},
                **{"$defs": {"a": {"anyOf": [{"$ref": "#/$defs/b"}, STRING]}, "b": {"allOf": [{"$ref": "#/$defs/a"}]}}},
            ),
            "refers to itself",
        ),
        (holding({"type": "string", "maxLength": -1}), "has a minLength or maxLength that is no count, at a"),
        (holding({"type": "array", "maxItems": "3"}), "no count, at a"),
        (holding({"type": "array", "minItems": 3, "maxItems": 2}), "no count, at a"),
        (holding({"type": "array", "minItems": True}), "no count, at a"),
        (holding({"enum": []}), "is malformed, at a"),
        (holding({"anyOf": []}), "is malformed, at a"),
        (holding({"const": float("nan")}), "is malformed, at a"),
        (holding({"const": "\ud800"}), "is malformed, at a"),
        (holding({"type": "integer", "minimum": "x", "maximum": 3}), "is malformed, at a"),
        (holding({"type": "integer", "minimum": 3, "maximum": 1}), "is malformed, at a"),
        ({"type": "object", "properties": [1]}, "is malformed, at its root"),
        ({"type": "object", "properties": {"a": STRING}, "required": 5}, "is malformed, at its root"),
        (holding({"type": "string", "pattern": "x" * MAX_GRAMMAR}), "a grammar of more than"),
        (holding({"type": "number", "multipleOf": float("inf")}), "is no JSON"),
        (
            holding({"type": "array", "items": STRING, "minItems": 10**18}),
            "counts more than 10,000 items, at properties.a",
        ),
        (holding({"type": "array", "items": {**STRING, "pattern": "a"}, "maxItems": 1e9}), "counts more than 10,000"),
        (
            holding({"anyOf": [{"type": "array", "items": {"pattern": "a"}, "maxItems": 900}] * 12}),
            "counts more than 10,000 items, at properties.a.anyOf.11",
        ),
        (
            holding([{"minItems": -(10**18)}, {"type": "array", "minItems": 10**6, "pattern": "a"}]),
            "counts more than 10,000 items, at properties.a.1",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_place(schema: dict[str, Any], said: str) -> None:
    started = time.perf_counter()
    with pytest.raises(BadSchema) as caught:
        constraint_of(schema)
    assert said in caught.value.message
    assert time.perf_counter() - started < 1


def test_limits_beyond_what_compiles_quickly_are_left_to_validation() -> None:
    lists = {f"p{number}": {"type": "array", "items": STRING, "maxItems": 400} for number in range(5)}
    text = constraint_of({"type": "object", "properties": lists}).text
    assert text.count("{0,399}") == 2
    assert constraint_of(holding({"type": "array", "items": STRING, "maxItems": 10**18})).is_quick
    assert not constraint_of(holding({"type": "array", "items": STRING, "minItems": 10_000})).is_grammar


def test_a_property_may_be_named_like_a_keyword() -> None:
    named = {"minItems": {"type": "number", "minimum": 0}, "maxItems": {"type": "number", "minimum": 0}}
    assert not constraint_of({"type": "object", "properties": named}).is_grammar


def test_what_compiles_quickly_is_told_from_what_has_to_be_tried() -> None:
    assert constraint_of(holding({"enum": ["a", "b"]})).is_quick
    assert not constraint_of(holding({"enum": [f"word {number}" for number in range(5000)]})).is_quick
    assert not constraint_of(holding({"type": "string", "pattern": "a"})).is_quick


WORDS = """
type properties required items enum const anyOf oneOf allOf $ref $defs minLength maxLength minItems maxItems minimum
maximum additionalProperties pattern x-grounded a
"""
KEYWORDS = st.sampled_from(WORDS.split())
SCHEMAS = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=3)
    | st.sampled_from(["object", "array", "string", "integer", "#/$defs/a", "#/properties/a"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYWORDS, inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(KEYWORDS, SCHEMAS, max_size=5))
def test_any_schema_gives_a_constraint_or_a_sentence(schema: dict[str, Any]) -> None:
    for whole in (schema | {"type": "object"}, holding(schema, **{"$defs": {"a": schema}})):
        try:
            assert constraint_of(whole).text
        except BadSchema as error:
            assert error.message.startswith("the answer's JSON schema")

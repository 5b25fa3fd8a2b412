"""Whatever text pages and models produce can be saved on both databases."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miniatures.store.documents import model_json, plain_json
from miniatures.store.ledger import StageKey
from miniatures.store.open import Store
from tests.store.databases import CAMPAIGN, person, span_of, trace_of

_any_text = st.text(st.characters())
_anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | _any_text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_any_text, inner, max_size=3),
    max_leaves=6,
)


def storable(text: str) -> str:
    return "".join(
        "\ufffd" if character == "\0" or "\ud800" <= character <= "\udfff" else character for character in text
    )


@given(_any_text)
def test_text_keeps_all_but_nul_and_lone_surrogates(text: str) -> None:
    assert json.loads(plain_json(text)) == storable(text)
    assert json.loads(model_json(trace_of(person(1), output=text)))["output"] == storable(text)


@given(_anything)
def test_everything_json_has_clean_json(value: Any) -> None:
    for made in (plain_json(value), model_json(span_of(person(1), attributes={"value": value}))):
        made.encode("utf-8")
        json.loads(made, parse_constant=pytest.fail)
        assert "\0" not in json.dumps(json.loads(made), ensure_ascii=False)


@pytest.mark.parametrize("text", ["\\u0000", "\\\\u0000", "\\\0", "\\\\\0", "a\0\0b"])
def test_a_backslash_before_u0000_is_no_nul(text: str) -> None:
    assert json.loads(plain_json(text)) == text.replace("\0", "\ufffd")


async def test_hostile_text_survives_the_database(store: Store) -> None:
    someone = person(1)
    hostile = "\0 \ud800 '; DROP TABLE traces; -- %s :rows {} \\u0000 \u202e \U0001f600"
    attributes = {"text": hostile, hostile: object, "not a number": float("nan"), "deep": _nested(500)}
    store.recorder.record(trace_of(someone, output=hostile, prompt_name=hostile))
    store.recorder.record(span_of(someone, name=hostile, error=hostile, attributes=attributes))
    key = StageKey.of("write", someone.key)
    await store.ledger(CAMPAIGN).finish(key, {hostile: hostile})
    store.ledger(CAMPAIGN).forget(someone.key)
    clean = storable(hostile)
    assert await store.ledger(CAMPAIGN).recall(key) == {clean: clean}
    assert [trace.output for trace in store.traces(CAMPAIGN)] == [clean]
    (span,) = store.spans(CAMPAIGN)
    assert span.error == clean
    assert span.attributes["not a number"] is None
    assert "nested too deeply" in json.dumps(span.attributes["deep"])


def _nested(depth: int) -> list[Any]:
    nest: list[Any] = []
    for _ in range(depth):
        nest = [nest]
    return nest

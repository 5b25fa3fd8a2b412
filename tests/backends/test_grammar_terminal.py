"""Fixed texts come out of an engine as they were written, whatever letters they hold."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miniatures.backends.base import Backend
from miniatures.backends.grammar_terminal import choice, terminal

xgrammar_testing = pytest.importorskip("xgrammar.testing")

texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)


@given(texts)
def test_a_terminal_accepts_its_text_alone(text: str) -> None:
    grammar = f"root ::= {terminal(text)}"
    assert xgrammar_testing._is_grammar_accept_string(grammar, text)
    assert not xgrammar_testing._is_grammar_accept_string(grammar, text + "x")


@given(
    st.lists(st.text("abé", min_size=1, max_size=5), min_size=1, max_size=12), st.text("abé", min_size=1, max_size=5)
)
def test_a_choice_accepts_its_texts_and_no_other(texts: list[str], other: str) -> None:
    grammar = f"root ::= {choice(texts)}"
    assert all(xgrammar_testing._is_grammar_accept_string(grammar, text) for text in texts)
    assert xgrammar_testing._is_grammar_accept_string(grammar, other) == (other in texts)


@pytest.mark.parametrize("name", ["Leocádia", "Constança", "Zoraïde", "Đurđica", "María"])
def test_the_embedded_engine_writes_an_accented_name_as_it_is(embedded_backend: Backend, name: str) -> None:
    """Its grammar reader takes a letter such as á together with the digits-to-be after it."""
    schema = {"type": "object", "properties": {"name": {"enum": [name]}}, "required": ["name"]}
    answer = embedded_backend.invoke("Name her.", response_schema=schema, max_tokens=40)
    assert json.loads(str(answer.content)) == {"name": name}

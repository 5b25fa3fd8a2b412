"""A person is found by their whole address or full name, however it is written, and nobody else is taken for them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miniatures.datamodel.mention import Mentions

DORA = Mentions("Dora.Kovács@mill.example", [("Dora", "Kovács"), ("", "Smith")])
PLAIN = Mentions("ada@x.example", [("Ada", "Okafor")])


@pytest.mark.parametrize(
    "text",
    [
        "Write to ada@x.example.",
        "<ADA@X.Example>",
        "mailto:ada@x.example?subject=Hi",
        '"ada@x.example"',
        "ada@x.example,b",
    ],
)
def test_an_address_is_found_within_a_text(text: str) -> None:
    assert PLAIN.has_address(text)


@pytest.mark.parametrize("text", ["bada@x.example", "a.ada@x.example", "ada@x.example.org", "ada@x.example-mill.org"])
def test_a_longer_address_is_somebody_elses(text: str) -> None:
    assert not PLAIN.has_address(text)
    assert PLAIN.without_address(text) == text


@pytest.mark.parametrize("text", ["Ada Okafor", "Okafor, Ada", "/team/ada-okafor.html", "ADA  OKAFOR", "ada_okafor"])
def test_a_full_name_is_found_in_either_order(text: str) -> None:
    assert PLAIN.has_name(text)


@pytest.mark.parametrize("text", ["Ada", "Okafor", "Ada Lovelace and Ben Okafor", "Ada Okaforson", "Nevada Okafor"])
def test_half_a_name_and_a_longer_one_are_nobodys(text: str) -> None:
    assert not PLAIN.has_name(text)


@pytest.mark.parametrize(
    "content",
    [
        "Dora Kovács".encode(),
        "Dora Kovács".encode("cp1252"),
        "Dora Kovács".encode("utf-16"),
        b"<b>Dora</b>&nbsp;<i>Kov&aacute;cs</i>",
        b'{"name": "Dora Kov\\u00e1cs"}',
        "dora.kovács%40mill.example".encode(),
    ],
)
def test_bytes_are_read_as_they_may_be_meant(content: bytes) -> None:
    assert DORA.are_in_bytes(content)


@given(st.text(), st.text())
def test_json_is_searched_and_mended_as_the_text_within_it_is(before: str, after: str) -> None:
    text = f"{before} ada@x.example {after}"
    written = json.dumps({"a": [text]}, ensure_ascii=False)
    assert PLAIN.has_address(written)
    mended = json.loads(PLAIN.without_address(written))["a"][0]
    assert mended == PLAIN.without_address(text)
    assert not PLAIN.has_address(mended)
    line = json.dumps(f"{before}\nada@x.example", ensure_ascii=False)
    assert json.loads(PLAIN.without_address(line)).endswith("\n[erased]")

"""Text from outside steers no terminal and turns no line, wherever it is shown."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miniatures.datamodel.foreign_text import escaped_json, is_web_address, visible

UNSAFE = ["\x1b", "\x07", "\x08", "\x7f", "\x9b", "\u200b", "\u200f", "\u202e", "\u2066", "\u2029", "\ufeff", "\xad"]
UNSAFE += ["\u061c", "\u180e", "\u034f", "\U000e0041", "\x00"]


@given(st.text(), st.sampled_from(UNSAFE), st.text())
def test_nothing_unsafe_is_left_and_the_rest_is_as_it_was(before: str, unsafe: str, after: str) -> None:
    shown = visible(before + unsafe + after)
    assert not any(character in shown for character in UNSAFE)
    assert visible(shown) == shown
    assert visible("Zoë\u200d 会社\tne\nzt") == "Zoë\u200d 会社\tne\nzt"


def test_a_carriage_return_does_not_overwrite_the_line() -> None:
    assert visible("rejected\rapproved\r\n") == "rejected\napproved\n"


@given(
    st.recursive(st.text() | st.sampled_from(UNSAFE), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))
)
def test_escaped_json_means_the_same(content: object) -> None:
    shown = escaped_json(json.dumps(content, ensure_ascii=False))
    assert json.loads(shown) == content
    assert not any(character in shown for character in UNSAFE)


@pytest.mark.parametrize(
    ("address", "links"),
    [
        ("http://frio.example", True),
        ("HTTPS://frio.example", True),
        ("javascript:alert(1)", False),
        (" http://frio.example", False),
        ("httpx://frio.example", False),
        ("", False),
    ],
)
def test_only_addresses_of_the_web_become_links(address: str, links: bool) -> None:
    assert is_web_address(address) is links

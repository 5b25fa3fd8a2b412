"""Token by token, the text comes out whole, in order, and without half characters."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from miniatures.backends.token_text import TokenDecoder


def decode(tokens: list[int]) -> str:
    return bytes(tokens).decode("utf-8", "replace")


@given(st.text(max_size=40))
def test_the_pieces_are_the_text_and_no_piece_is_half_a_character(text: str) -> None:
    decoder = TokenDecoder(decode)
    pieces = [decoder.push(token) for token in text.encode()]
    assert "".join(pieces) + decoder.flush() == text
    assert all("\ufffd" not in piece for piece in pieces) or "\ufffd" in text


@given(st.binary(max_size=40))
def test_bytes_that_are_no_text_are_passed_on_as_the_tokenizer_shows_them(tokens: bytes) -> None:
    decoder = TokenDecoder(decode)
    text = "".join(decoder.push(token) for token in tokens) + decoder.flush()
    assert text.replace("\ufffd", "") == decode(list(tokens)).replace("\ufffd", "")

"""No token but those that were signed opens anything: none that was changed, of another kind, or of elsewhere."""

from __future__ import annotations

import string

from hypothesis import assume, given
from hypothesis import strategies as st

from miniatures.delivery.tokens import Token, TokenKind, Tokens

TOKENS = Tokens(b"s" * 32)
_KINDS = st.sampled_from(TokenKind)
_IDS = st.text(string.ascii_letters + string.digits + "-", min_size=1, max_size=40)
_LINKS = st.integers(0, 99)
_TYPED = st.text(string.ascii_letters + string.digits + "-_.=+/%", min_size=1, max_size=3)


@given(_KINDS, _IDS, _LINKS)
def test_what_was_signed_is_read(kind: TokenKind, message: str, link: int) -> None:
    assert TOKENS.unsign(kind, TOKENS.sign(kind, message, link)) == Token(message, link)


@given(_KINDS, _IDS, _LINKS, st.data())
def test_a_changed_token_is_none(kind: TokenKind, message: str, link: int, data: st.DataObject) -> None:
    real = TOKENS.sign(kind, message, link)
    start = data.draw(st.integers(0, len(real)))
    end = data.draw(st.integers(start, len(real)))
    changed = real[:start] + data.draw(_TYPED | st.just("")) + real[end:]
    assume(changed != real)
    assert TOKENS.unsign(kind, changed) is None


@given(_KINDS, _KINDS, _IDS)
def test_a_token_is_of_one_kind_and_of_one_secret(kind: TokenKind, other: TokenKind, message: str) -> None:
    token = TOKENS.sign(kind, message)
    assert (TOKENS.unsign(other, token) is not None) == (kind is other)
    assert Tokens(b"t" * 32).unsign(kind, token) is None


@given(_KINDS, st.text(max_size=200) | st.text(string.ascii_letters, min_size=500, max_size=5000))
def test_any_other_text_is_none(kind: TokenKind, text: str) -> None:
    assert TOKENS.unsign(kind, text) is None

"""Tokens: nobody makes one, changes one or uses one for another thing, and none says where it leads."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from itsdangerous import URLSafeSerializer

from miniatures.delivery.tokens import Addresses, Token, TokenKind, Tokens
from tests.delivery.composing import ID, SECRET

TOKENS = Tokens(SECRET)


@pytest.mark.parametrize("kind", TokenKind)
@pytest.mark.parametrize("link", [0, 1, 12])
def test_a_token_gives_back_the_email_and_the_link(kind: TokenKind, link: int) -> None:
    assert TOKENS.unsign(kind, TOKENS.sign(kind, ID, link)) == Token(ID, link)


def test_a_token_of_one_kind_is_none_of_another() -> None:
    for made in TokenKind:
        token = TOKENS.sign(made, ID, 1)
        assert [kind for kind in TokenKind if TOKENS.unsign(kind, token)] == [made]


def test_a_token_made_with_another_secret_is_refused() -> None:
    assert TOKENS.unsign(TokenKind.CLICK, Tokens(b"another secret").sign(TokenKind.CLICK, ID, 1)) is None


def test_a_token_that_the_library_makes_with_its_own_salt_is_refused() -> None:
    assert TOKENS.unsign(TokenKind.CLICK, str(URLSafeSerializer(SECRET).dumps([ID, 1]))) is None


@given(place=st.integers(0, 200), sign=st.characters(max_codepoint=0x2FF))
def test_no_changed_letter_passes(place: int, sign: str) -> None:
    token = TOKENS.sign(TokenKind.OPT_OUT, ID)
    place %= len(token)
    changed = token[:place] + sign + token[place + 1 :]
    assert (TOKENS.unsign(TokenKind.OPT_OUT, changed) is None) == (changed != token)


@given(kept=st.integers(0, 300))
def test_no_shortened_token_passes(kept: int) -> None:
    token = TOKENS.sign(TokenKind.OPT_OUT, ID)
    assert TOKENS.unsign(TokenKind.OPT_OUT, token[: kept % len(token)]) is None


@given(st.text(max_size=2000))
def test_no_other_text_is_a_token_or_an_error(text: str) -> None:
    assert TOKENS.unsign(TokenKind.CLICK, text) is None


def test_a_token_holds_the_emails_id_and_the_links_number_and_nothing_else() -> None:
    payload = TOKENS.sign(TokenKind.CLICK, ID, 3).partition(".")[0]
    assert json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))) == [ID, 3]


def test_addresses_have_their_kind_before_the_token() -> None:
    at = Addresses(TOKENS, "https://t.tarnwick.example", ID)
    assert at.click(2) == f"https://t.tarnwick.example/c/{TOKENS.sign(TokenKind.CLICK, ID, 2)}"
    assert at.opt_out == f"https://t.tarnwick.example/u/{TOKENS.sign(TokenKind.OPT_OUT, ID)}"
    assert at.pixel == f"https://t.tarnwick.example/o/{TOKENS.sign(TokenKind.OPEN, ID)}.gif"

"""The signed tokens in an email's links: whoever asks with one was sent it, and it says nothing of anybody.

A token names an email and, for a click, the number of the link in it. Where a link leads is looked up in what was sent,
so nobody can make this address lead elsewhere.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from itsdangerous import URLSafeSerializer

_LONGEST = 512
"""Characters of the longest token that is looked at; ours have about 110."""


class TokenKind(StrEnum):
    """What a token is for; the value is the part of the address that stands before it."""

    OPEN = "o"
    CLICK = "c"
    OPT_OUT = "u"


class Token(NamedTuple):
    """What a token says."""

    message: str
    """Id of the email."""
    link: int
    """Number of the link as `links_of` counts, from 1; 0 is the link that nobody sees, and what has no number."""


class Tokens:
    """Makes tokens and reads them, with the secret that no recipient knows (`store.home_secret.home_secret()`)."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def sign(self, kind: TokenKind, message: str, link: int = 0) -> str:
        """A token of letters that need no escaping in a URL; the same for the same email and link."""
        return str(_serializer(self._secret, kind).dumps([message, link]))

    def unsign(self, kind: TokenKind, token: str) -> Token | None:
        """What the token says; None unless it is, letter by letter, one that `sign` made for this kind."""
        from itsdangerous import BadData

        if len(token) > _LONGEST or not token.isascii():
            return None
        try:
            message, link = _serializer(self._secret, kind).loads(token)
        except BadData:
            return None
        return Token(message, link) if hmac.compare_digest(token, self.sign(kind, message, link)) else None


class Addresses:
    """The web addresses of one email at the tracker."""

    def __init__(self, tokens: Tokens, url: str, message: str) -> None:
        self._tokens, self._url, self._message = tokens, url, message

    def click(self, link: int) -> str:
        """Leads to the link of this number."""
        return self._of(TokenKind.CLICK, link)

    @property
    def pixel(self) -> str:
        """The picture that is fetched when the email is opened."""
        return f"{self._of(TokenKind.OPEN)}.gif"

    @property
    def opt_out(self) -> str:
        """The page on which the recipient opts out, and where a mail program posts to."""
        return self._of(TokenKind.OPT_OUT)

    def _of(self, kind: TokenKind, link: int = 0) -> str:
        return f"{self._url}/{kind}/{self._tokens.sign(kind, self._message, link)}"


@cache
def _serializer(secret: bytes, kind: TokenKind) -> URLSafeSerializer:
    from itsdangerous import URLSafeSerializer

    signing: Mapping[str, object] = {"digest_method": hashlib.sha256, "key_derivation": "hmac"}
    return URLSafeSerializer(secret, salt=f"miniatures {kind.name.lower()}", signer_kwargs=dict(signing))

"""Turns tokens into text one by one, for a tokenizer that can only decode whole lists."""

from __future__ import annotations

from collections.abc import Callable

_BROKEN = "\ufffd"  # what a tokenizer writes for the first bytes of an unfinished character
_LONGEST_CHARACTER = 8  # tokens after which a broken character is taken to be the model's own


class TokenDecoder:
    """Decodes a growing list of tokens piece by piece; the pieces together are the text.

    A tokenizer may join neighbouring tokens, so each piece is the difference between two decodings that begin at the
    same earlier token.
    """

    def __init__(self, decode: Callable[[list[int]], str]) -> None:
        self._decode = decode
        self._tokens: list[int] = []
        self._begin = 0
        self._read = 0

    def push(self, token: int) -> str:
        """The text that this token completes; empty while a character is unfinished."""
        self._tokens.append(token)
        return self._advance(waits=len(self._tokens) - self._read < _LONGEST_CHARACTER)

    def flush(self) -> str:
        """What is left, a broken character included."""
        return self._advance(waits=False)

    def _advance(self, *, waits: bool) -> str:
        known = self._decode(self._tokens[self._begin : self._read])
        text = self._decode(self._tokens[self._begin :])
        if waits and text.endswith(_BROKEN):
            return ""
        self._begin, self._read = self._read, len(self._tokens)
        return text[len(known) :]

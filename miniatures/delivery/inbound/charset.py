"""Text from bytes of any charset, declared rightly, wrongly or not at all."""

from __future__ import annotations

import codecs
from binascii import Error as BadBase64
from email.errors import HeaderParseError
from email.header import decode_header

from miniatures.datamodel.characters import nfc

_NO_CHARSETS = frozenset({"punycode", "idna", "undefined", "unicode_escape", "raw-unicode-escape", "utf-7"})
"""Codecs that Python has and no mail is written in; some take time that grows with the square of the length."""
_WIDER = {"gb2312": "gb18030", "iso8859-1": "cp1252", "ascii": "utf-8"}
"""What mail that declares the one is really written in."""
_GUESSED_FROM = 4_096
"""Bytes that a charset is guessed from where none is declared."""
_FEWEST_TO_GUESS_FROM = 64


def decoded(content: bytes, charset: str | None) -> str:
    """The text in NFC. What cannot be read as declared is read as UTF-8, else as what it looks like."""
    declared = _known(charset or "utf-8")
    for codec in (declared, "utf-8"):
        if codec is not None:
            try:
                return nfc(content.decode(codec))
            except ValueError:
                continue
    codec = _guessed(content) if declared in (None, "utf-8") else declared
    return nfc(content.decode(codec or "cp1252", errors="replace"))


def decoded_header(value: str) -> str:
    """A header's value in words on one line: encoded words (RFC 2047) and raw bytes are read."""
    plain = as_text(value)
    if "=?" not in plain:
        return plain
    try:
        words = [decoded(word, charset) if isinstance(word, bytes) else word for word, charset in decode_header(plain)]
    except (HeaderParseError, BadBase64, ValueError):
        return plain
    return " ".join("".join(words).split())


def as_text(value: str) -> str:
    """A header's value on one line, its raw bytes read; encoded words stay what they are."""
    return " ".join(decoded(value.encode("utf-8", "surrogateescape"), None).split())


def _known(name: str) -> str | None:
    """Python's name of the charset; None if no mail can be written in it."""
    try:
        codec = codecs.lookup(name)
    except (LookupError, ValueError):
        return None
    if not codec._is_text_encoding or codec.name in _NO_CHARSETS:
        return None
    return _WIDER.get(codec.name, codec.name)


def _guessed(content: bytes) -> str | None:
    from charset_normalizer import from_bytes

    if len(content) < _FEWEST_TO_GUESS_FROM:
        return None
    best = from_bytes(content[:_GUESSED_FROM]).best()
    return None if best is None else _known(best.encoding)

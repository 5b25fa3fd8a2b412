"""Finds where a person is named in what was written by others: by address, or by given and family name together.

A name is found in either order and whatever stands between its words (`ada-okafor`, `Okafor, Ada`). Half a name means
nobody, and an address within a longer one is another's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html import unescape

from miniatures.datamodel.characters import nfc
from miniatures.datamodel.prospect import normalize_email

ERASED = "[erased]"
"""What stands in place of an address that was taken out of a text about somebody else."""

_AFTER_ESCAPE = r"(?<=\\[nrtbf])"
"""In JSON a line break is written with a letter, which may stand right before a word."""
_BETWEEN = r"[\W_]{1,4}"
_TAG = re.compile(r"<[^<>]{0,2000}>")
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")
_ENCODINGS = ("utf-8", "cp1252")


class Mentions:
    """Where one person is named. `names` are pairs of a given and a family name; one without both is passed over."""

    def __init__(self, email: str, names: Iterable[tuple[str, str]] = ()) -> None:
        self.email = normalize_email(email)
        self.names = tuple(sorted({(given, family) for given, family in names if given.strip() and family.strip()}))
        begins = rf"(?:(?<![\w.+-])|{_AFTER_ESCAPE})"
        self._address = re.compile(rf"{begins}{re.escape(self.email)}(?![\w-]|\.\w)", re.IGNORECASE)
        self._name = _any_of(_orders(self.names))
        self._families = tuple({nfc(family).split()[-1].lower() for _, family in self.names})

    def has_address(self, text: str) -> bool:
        """Whether the address stands in a text or in JSON."""
        return self.email in text.lower() and self._address.search(text) is not None

    def has_name(self, text: str) -> bool:
        """Whether a given and a family name stand side by side in a text or in JSON."""
        plain = nfc(text)
        lowered = plain.lower()  # Looking for a word is a hundred times as fast as looking for a pattern.
        return any(word in lowered for word in self._families) and self._name.search(plain) is not None

    def are_in(self, text: str) -> bool:
        """Whether the address or a full name stands in a text or in JSON."""
        return self.has_address(text) or self.has_name(text)

    def are_in_bytes(self, content: bytes) -> bool:
        """Whether the address or a full name stands in a document of any of the usual encodings, HTML and JSON among
        them."""
        return any(self.are_in(text) for text in _readings(content))

    def without_address(self, text: str) -> str:
        """A text, or JSON, with `[erased]` wherever the address stood."""
        return self._address.sub(ERASED, text)


def _orders(names: Iterable[tuple[str, str]]) -> Iterator[str]:
    for given, family in names:
        words = [re.escape(nfc(word)) for word in (*given.split(), *family.split())]
        yield _BETWEEN.join(words)
        yield _BETWEEN.join([*words[len(given.split()) :], *words[: len(given.split())]])


def _any_of(patterns: Iterable[str]) -> re.Pattern[str]:
    return re.compile(rf"(?:(?<![^\W_])|{_AFTER_ESCAPE})(?:{'|'.join(patterns)})(?![^\W_])", re.IGNORECASE)


def _readings(content: bytes) -> Iterator[str]:
    """What the bytes may say: as they stand, without markup, and with what is escaped put back."""
    encodings = ("utf-16",) if content[:2] in (b"\xff\xfe", b"\xfe\xff") else _ENCODINGS
    for encoding in encodings:
        text = content.decode(encoding, "replace")
        plain = unescape(_ESCAPE.sub(lambda found: chr(int(found[1], 16)), text)).replace("%40", "@")
        yield text
        yield plain
        yield _TAG.sub(" ", plain)

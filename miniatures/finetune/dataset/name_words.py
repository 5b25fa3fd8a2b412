"""Finds the words of names in running text, in any script, in capitals or not, with a possessive ending or without.

What a regular expression calls a letter leaves out the vowel signs of Indic scripts and combining accents; here they
belong to the word.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from miniatures.checks.vocabulary import NEVER_NAMES, is_ordinary
from miniatures.checks.words import fold
from miniatures.finetune.dataset.surrogate_names import ORDINARY_NAMES, PARTICLES

_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "å": "aa", "Å": "Aa"})
_UNSPACED = frozenset({"CJK", "HIRAGANA", "KATAKANA", "THAI", "HANGUL"})
_BETWEEN_PARTS = re.compile(r"[\s.\-‐‑'’_]{1,3}")  # noqa: RUF001


def words_in(text: str) -> list[str]:
    """The words of a text; a hyphen parts two words, an apostrophe does not."""
    return re.findall(word_pattern(), text)


def name_parts(name: str) -> list[str]:
    """The words of a name, without small particles such as van and de, which say nothing about whose it is."""
    return [word for word in words_in(name) if word not in PARTICLES]


def keys(word: str) -> frozenset[str]:
    """Folded spellings of a word: Müller is muller and mueller."""
    return frozenset({fold(word), fold(word.translate(_UMLAUTS))})


def is_everyday(key: str) -> bool:
    """Whether a folded name is an English word, a month or a weekday as well."""
    return key in ORDINARY_NAMES or key in NEVER_NAMES or is_ordinary(key)


def cuts(word: str) -> Iterator[tuple[int, int]]:
    """Where a name may begin and end within a word: all of it, without 's, after l' or before any other ending."""
    yield 0, len(word)
    marks = [mark.start() for mark in re.finditer("['’]", word)]  # noqa: RUF001
    for mark in reversed(marks):
        yield 0, mark
    for mark in marks:
        yield mark + 1, len(word)


def touch(text: str, end: int, start: int) -> bool:
    """Whether nothing but a space, hyphen or full stop parts two words."""
    return _BETWEEN_PARTS.fullmatch(text, end, start) is not None


def in_case_of(word: str, other: str) -> str:
    """`other` in capitals or small letters as `word` is."""
    if word.islower():
        return other.lower()
    return other.upper() if word.isupper() and len(word) > 1 else other


def is_unspaced(word: str) -> bool:
    """Whether its script puts no spaces between words."""
    return script(word) in _UNSPACED


@lru_cache(maxsize=4_096)
def script(word: str) -> str:
    """The word's script as Unicode names it, such as LATIN or CJK."""
    letter = next((sign for sign in word if sign.isalpha()), "a")
    return unicodedata.name(letter, "LATIN").split()[0]


@lru_cache(maxsize=1)
def word_pattern() -> str:
    """Regular expression of a word: letters with the signs that cling to them, and apostrophes within."""
    marks = "".join(chr(code) for code in range(sys.maxunicode) if unicodedata.category(chr(code)) in ("Mn", "Mc"))
    letter = rf"(?:[^\W\d_]|[{marks}\u200c\u200d])"
    return rf"{letter}+(?:['’]{letter}+)*"  # noqa: RUF001

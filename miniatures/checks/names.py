"""Tells proper names from ordinary capitalized words, as far as spelling alone can.

Certain: capitals inside a word, acronyms, and a capital in the middle of a sentence. Uncertain: the first word of a
sentence and headlines; there an English word must be unknown to the vocabulary, and in other languages only an acronym
or an inner capital counts. German writes every noun with a capital, so only those two count there. Scripts without
capitals have no names that this could see.
"""

from __future__ import annotations

import re
from functools import lru_cache

from miniatures.checks.vocabulary import NEVER_NAMES, is_ordinary

_NOUN_CAPITALS = frozenset({"de", "lb"})
_OPENERS = frozenset(':"“”«»„(•\u2013—*>|.!?…。[-/\n\t')


def looks_like_name(text: str, start: int, written: str, word: str, language: str, first: bool) -> bool:
    """Whether the capitalized word at `start` should be carried by a source."""
    if word in NEVER_NAMES or written.lower() in NEVER_NAMES or len(written) == 1:
        return False
    letters = written.split("'", maxsplit=1)[0].split("\u2019", maxsplit=1)[0]
    if len(letters) > 1 and any(letter.isupper() for letter in letters[1:]):
        return not (letters.isupper() and is_ordinary(word))
    if language[:2] in _NOUN_CAPITALS:
        return False
    if not (first or _follows_opener(text, start) or is_headline(text)):
        return True
    return language.startswith("en") and not is_ordinary(word)


def _follows_opener(text: str, start: int) -> bool:
    before = text[max(0, start - 3) : start].rstrip(" ")
    return not before or before[-1] in _OPENERS


_LONG_WORD = re.compile(r"[^\W\d_]{4,}")


@lru_cache(maxsize=512)
def is_headline(text: str) -> bool:
    """Whether most of the longer words are capitalized, as in a title, so that a capital says nothing."""
    if "\n" in text or len(text) > 120:
        return False
    words = _LONG_WORD.findall(text)
    return len(words) > 2 and sum(word[0].isupper() for word in words) >= 0.7 * len(words)

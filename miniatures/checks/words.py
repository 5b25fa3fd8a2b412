"""Folding and stemming, which the checks share: what counts as the same word, and which words say nothing."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from miniatures.checks.word_list import listed_words
from miniatures.datamodel.characters import normalized

WORD_PATTERN = r"[^\W\d_]++(?:['\u2019][^\W\d_]++)*"
UNSPACED = r"\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\u0e00-\u0eff"
"""Letters of scripts that put no spaces between words, for use in a character class."""
HANGUL = r"\u1100-\u11ff\uac00-\ud7af"
"""Letters of Korean, which joins its particles to any word, for use in a character class."""
_WORD = re.compile(WORD_PATTERN)
_LETTERS = str.maketrans("łøđð\u0131ħ\u2019\u02bc", "loddih''") | str.maketrans({"þ": "th", "æ": "ae", "œ": "oe"})
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "å": "aa", "Å": "Aa"})


@lru_cache(maxsize=16_384)
def fold(text: str) -> str:
    """Lower case without diacritics, so that José, JOSE and jose are one word."""
    if text.isascii():
        return text.lower()
    decomposed = normalized("NFKD", text.casefold()).translate(_LETTERS)
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


@lru_cache(maxsize=16_384)
def bare(word: str) -> str:
    """The folded word without a possessive ending or an elided article: Acme's -> acme, l'Oréal -> oreal."""
    folded = fold(word)
    if "'" not in folded:
        return folded
    if folded.endswith("'s"):
        folded = folded[:-2]
    folded = folded.strip("'")
    head, mark, tail = folded.partition("'")
    return tail if mark and len(head) <= 2 and len(tail) > 2 else folded


@lru_cache(maxsize=16_384)
def stem(word: str) -> str:
    """A rough stem for any European language: no plural s, at most six letters."""
    plain = bare(word)
    if len(plain) > 3 and plain[-1] == "s" and plain[-2] != "s":
        plain = plain[:-1]
    return plain[:6]


def words_of(text: str) -> list[str]:
    """The folded words of a short text such as a name."""
    return [bare(word) for word in _WORD.findall(text)]


def spellings(name: str) -> frozenset[str]:
    """Folded words of a name, with German umlauts also in their two-letter form: Müller -> muller, mueller."""
    digraphs = name.translate(_UMLAUTS)
    return frozenset(words_of(name)) | frozenset(words_of(digraphs))


STOP_WORDS = listed_words("stop_words")
_STEM_STOPS = frozenset(stem(word) for word in STOP_WORDS)


@lru_cache(maxsize=16_384)
def content_stem(word: str) -> str:
    """The word's stem, or an empty string for a word that says nothing by itself."""
    folded = bare(word)
    if len(folded) < 2 or folded in STOP_WORDS:
        return ""
    found = stem(word)
    return "" if found in _STEM_STOPS and len(folded) <= 7 else found

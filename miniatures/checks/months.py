"""Which months a text names, in words of European languages or in figures."""

from __future__ import annotations

import re

from miniatures.checks.word_list import listed_table

_FINNISH = "tammi helmi maalis huhti touko kesä heinä elo syys loka marras joulu"
_WORDS = {name: int(number) for number, names in listed_table("month_names").items() for name in names.split()}
_STEMS = {f"{stem}kuu": number for number, stem in enumerate(_FINNISH.split(), start=1)}
"""Finnish declines its months."""
_ENDINGS = ("s", "en", "ta", "da")
_WORD = re.compile(r"[^\W\d_]{3,14}")
_NUMBER = re.compile(
    r"\b\d{4}-(\d\d)(?:-\d\d)?\b|\b\d{1,2}\.\s?(\d{1,2})\.|\b\d{1,2}/(\d{1,2})/\d{2,4}\b|\b\d{1,2}\.(\d{1,2})\.?\d{4}\b"
)
_MONTHS_A_YEAR = 12
_AUXILIARY = "may"
_SHORT = "jan feb mar apr may jun jul aug sep oct nov dec"
_SHORT_NAMES = {short: number for number, short in enumerate(_SHORT.split(), start=1) if short != _AUXILIARY}
_SHORT_NAMES |= {"okt": 10, "dez": 12, "des": 12}
_EITHER = "|".join(_SHORT_NAMES)
_ABBREVIATED = re.compile(rf"\b({_EITHER})t?\b(?=\.?,? ?\d)|(?<=\d )({_EITHER})t?\b", re.IGNORECASE)
"""Beside a figure alone: Jan is a name as well."""


def months_named(text: str) -> frozenset[int]:
    """Every month that a word or a numeric date of the text may stand for."""
    words = {_of(word.casefold()) for word in _WORD.findall(text) if word != _AUXILIARY}
    found = (int(next(filter(None, parts))) for parts in _NUMBER.findall(text))
    numbers = {number for number in found if 1 <= number <= _MONTHS_A_YEAR}
    short = {_SHORT_NAMES[(one or other).casefold()] for one, other in _ABBREVIATED.findall(text)}
    return frozenset(number for number in words | numbers | short if number is not None)


def _of(word: str) -> int | None:
    """The month that the word is, in whatever case."""
    plain = (word.removesuffix(ending) for ending in ("", *_ENDINGS))
    found = (_WORDS.get(one) for one in plain)
    finnish = (number for stem, number in _STEMS.items() if word.startswith(stem))
    return next((number for number in (*found, *finnish) if number is not None), None)

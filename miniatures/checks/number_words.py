"""Numbers written as words: twenty-five, three hundred, half, twice, dreizehn.

"one" and its like are left out where they stand alone: they are articles and pronouns far more often than numbers.
"""

from __future__ import annotations

from functools import lru_cache

from miniatures.checks.word_list import listed_table, word_set
from miniatures.checks.words import fold

_COUNTED = {language: words.split() for language, words in listed_table("number_words").items()}
"""The words from zero upwards, one for each whole number, by language."""
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_FACTORS = {
    2.0: "twice doubled doubling doubles twofold",
    3.0: "triple tripled tripling triples thrice threefold",
    4.0: "quadruple quadrupled quadrupling quadruples fourfold",
    5.0: "fivefold",
    10.0: "tenfold",
    100.0: "hundredfold",
}
_OTHER = {12.0: "dozen dozens", 0.5: "half halved halve halving", **_FACTORS}
_ENGLISH = {
    **{word: float(value) for value, word in enumerate(_COUNTED["en"])},
    **{word: 10.0 * tens for tens, word in enumerate(_TENS.split(), start=2)},
    **{word: value for value, words in _OTHER.items() for word in words.split()},
}

_ALONE_NO_NUMBER = word_set("zero one un uno um eins null nul een sei zéro cero")

FACTORS = word_set(" ".join(_FACTORS.values()))
"""Words that mean so many times as much, and are no plain count."""


@lru_cache(maxsize=64)
def number_words(language: str) -> dict[str, float]:
    """Folded word -> value, in English and in the language (BCP 47 tag)."""
    counted = _COUNTED.get(language[:2].lower(), ())
    own = {fold(word): float(value) for value, word in enumerate(counted)}
    return {**own, **_ENGLISH}


def stands_alone(word: str) -> bool:
    """Whether the folded number word means a number when no other number word is beside it."""
    return word not in _ALONE_NO_NUMBER


def combined(values: list[float], scales: dict[int, float]) -> float:
    """The value of adjacent number words; `scales` holds the positions that multiply: three hundred -> 300."""
    total, group = 0.0, 0.0
    for position, value in enumerate(values):
        if position not in scales:
            group += value
        elif scales[position] == 100:
            group = (group or 1) * 100
        else:
            total += (group or 1) * scales[position]
            group = 0.0
    return total + group

"""Numbers written as words: twenty-five, three hundred, half, twice, dreizehn.

"one" and its like are left out where they stand alone: they are articles and pronouns far more often than numbers.
"""

from __future__ import annotations

from functools import lru_cache

_UNITS_AND_TEENS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
)
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_OTHER = {
    12.0: "dozen dozens",
    0.5: "half halved halve halving",
    2.0: "twice doubled doubling doubles",
    3.0: "triple tripled tripling triples",
}
_ENGLISH = {
    **{word: float(value) for value, word in enumerate(_UNITS_AND_TEENS.split())},
    **{word: 10.0 * tens for tens, word in enumerate(_TENS.split(), start=2)},
    **{word: value for value, words in _OTHER.items() for word in words.split()},
}

_SPELLED = {
    "de": "null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn "
    "siebzehn achtzehn neunzehn zwanzig",
    "fr": "zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize dix-sept "
    "dix-huit dix-neuf vingt",
    "es": "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis "
    "diecisiete dieciocho diecinueve veinte",
    "it": "zero uno due tre quattro cinque sei sette otto nove dieci undici dodici tredici quattordici quindici sedici "
    "diciassette diciotto diciannove venti",
    "nl": "nul één twee drie vier vijf zes zeven acht negen tien elf twaalf dertien veertien vijftien zestien "
    "zeventien achttien negentien twintig",
    "pt": "zero um dois três quatro cinco seis sete oito nove dez onze doze treze catorze quinze dezesseis dezessete "
    "dezoito dezenove vinte",
}

_ALONE_NO_NUMBER = frozenset({"zero", "one", "un", "uno", "um", "eins", "null", "nul", "een", "sei", "zéro", "cero"})


FACTORS = frozenset({"twice", "doubled", "doubling", "doubles", "triple", "tripled", "tripling", "triples"})
"""Words that mean so many times as much, and are no plain count."""


@lru_cache(maxsize=64)
def number_words(language: str) -> dict[str, float]:
    """Folded word -> value, in English and in the language (BCP 47 tag)."""
    from miniatures.checks.words import fold

    spelled = _SPELLED.get(language[:2].lower(), "")
    own = {fold(word): float(value) for value, word in enumerate(spelled.split())}
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

"""Folding, stemming and the word lists that the checks share: what counts as the same word, and what says nothing."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from miniatures.checks.word_list import word_set

_LETTERS = str.maketrans(
    {
        "ł": "l",
        "ø": "o",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "æ": "ae",
        "œ": "oe",
        "\u0131": "i",
        "ħ": "h",
        "\u2019": "'",
        "\u02bc": "'",
    }
)


@lru_cache(maxsize=16_384)
def fold(text: str) -> str:
    """Lower case without diacritics, so that José, JOSE and jose are one word."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.casefold()).translate(_LETTERS)
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


_WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)*")
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "å": "aa", "Å": "Aa"})

STOP_WORDS = word_set(
    """
    a about above after again all also although always am an and any anyone are around as ask at away back be
    because been before being below between both but by can could did do does doing done down during each
    either else even ever every few for from further get gets getting give given go going good got great had
    happy has have having he hello help helps her here hers hi him his how however i if in into is it its just
    keep know less let like look looking made make makes making many may me might mind more most much must my
    near need never new next no nor not nothing now of off often on once one only or other others our ours out
    over own per please quick quickly really right said same saw say see seen seems shall she should since so
    some someone something soon still such sure take than thank thanks that the their theirs them then there
    these they thing things think this those though through to today together too toward under until up upon
    us use used using very via want was way we well were what when where whether which while who whom whose
    why will wish with within without work working works worth would year years yes yet you your yours company
    companies business businesses customer customers team teams service services product products dear best
    regards kind kindly warm sincerely cheers noticed read recently recent congratulations congrats der die
    das den dem des ein eine einer eines einem einen und oder aber nicht mit von zu zum zur im am an auf aus
    bei für nach über unter wir ihr ihre ihren sie ich uns unser unsere ist sind war hat haben wird werden
    kann dass als wie le la les un une des du de et ou mais ne pas avec par pour sur dans en nous vous notre
    votre nos vos est sont ce cette ces qui que au aux se son sa ses il elle el los las una unos unas y o pero
    no con por para su sus es son este esta del al lo i gli e di da per non che è sono del della dei delle il
    nel alla het een van voor met op te dat die niet zijn is wij jullie u o os as um uma do dos na nos com por
    para seu sua é são não que
    """
)

_STEM_STOPS = frozenset(stem(word) for word in STOP_WORDS)


@lru_cache(maxsize=16_384)
def content_stem(word: str) -> str:
    """The word's stem, or an empty string for a word that says nothing by itself."""
    folded = bare(word)
    if len(folded) < 2 or folded in STOP_WORDS:
        return ""
    found = stem(word)
    return "" if found in _STEM_STOPS and len(folded) <= 7 else found

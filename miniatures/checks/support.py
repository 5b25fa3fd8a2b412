"""Decides whether a source carries a number, a name or a link; everything that nothing carries is unsupported."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from miniatures.checks.case import CheckCase
from miniatures.checks.numbers import Number
from miniatures.checks.reading import Reading
from miniatures.checks.word_list import word_set
from miniatures.checks.words import bare

_FEWEST_WORDS = 3
_OR_MORE = word_set("more over above least exceed exceeds exceeding beyond upwards plus mehr uber mindestens mas")


def carries_number(reading: Reading, number: Number) -> bool:
    """Whether the text states the number: same value, same sign, and the unit if one is claimed.

    A percentage is carried by a percentage only. Any other unit may also stand elsewhere in the text.
    """
    if number.values.isdisjoint(reading.values):
        return False
    return any(_agree(number, stated, reading.units) for stated in reading.numbers)


def _agree(claimed: Number, stated: Number, units: frozenset[str]) -> bool:
    if claimed.negative != stated.negative:
        return False
    if claimed.surface == stated.surface and claimed.variants[0][1] in {"", stated.variants[0][1]}:
        return ("%" in {unit for _, unit in stated.variants}) == ("%" in {unit for _, unit in claimed.variants})
    return any(
        value == other and _same_unit(unit, other_unit, units)
        for value, unit in claimed.variants
        for other, other_unit in stated.variants
    )


def _same_unit(claimed: str, stated: str, units: frozenset[str]) -> bool:
    if claimed == stated:
        return True
    if "%" in {claimed, stated}:
        return False
    return not claimed or claimed in units


def carries_count(reading: Reading, number: Number) -> bool:
    """Whether the text states a round number of the same things. A field with a bare number says of nothing what."""
    if not carries_number(reading, number):
        return False
    if number.or_more and reading.words.isdisjoint(_OR_MORE) and not any(stated.or_more for stated in reading.numbers):
        return False
    return not number.counted or number.counted in reading.stems or len(reading.words) < _FEWEST_WORDS


def carries_name(words: frozenset[str], name: str) -> bool:
    """Whether the words hold the name, its possessive or its plural."""
    plain = bare(name)
    return plain in words or f"{plain}s" in words or (plain.endswith("s") and plain[:-1] in words)


def unsupported_pieces(reading: Reading, case: CheckCase) -> Iterator[str]:
    """The numbers, names and links of a text that no source of the case carries, as they are written."""
    readings = case.readings_for(reading)
    for number in reading.numbers:
        if not any(carries_count(text, number) for text in readings):
            yield f"{number.surface}+" if number.or_more else number.surface
    for name in reading.names:
        if not carries_name(case.words, name):
            yield name
    for link in reading.links:
        if not any(link in text.links for text in readings):
            yield link


def distinct(pieces: Iterable[str]) -> tuple[str, ...]:
    """The pieces in order, each once."""
    return tuple(dict.fromkeys(pieces))

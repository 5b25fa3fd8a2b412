"""Reads numbers as people write them: 7,200 and 7.200 and 7 200, 18 %, $1.2bn, 3rd, twenty-five, half.

A number has variants, because a source's "7.200" may mean either of two things and "40m" may be metres or millions.
A draft is read by the decimal mark of its own language; a source may have any of its readings.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum

from miniatures.checks.units import SCALES, UNITS
from miniatures.checks.word_list import word_set
from miniatures.checks.words import fold, stem

Value = float | str
Variant = tuple[Value, str]


class DecimalMark(Enum):
    """Which mark separates the decimals; `ANY` reads a text of unknown language in every way."""

    POINT = "."
    COMMA = ","
    ANY = ""


_COMMA_LANGUAGES = word_set("bg cs da de el es et fi fr hr hu id it lt lv nb nl nn no pl pt ro ru sk sl sr sv tr uk vi")


def decimal_mark_of(language: str) -> DecimalMark:
    """The decimal mark that a language (BCP 47 tag) writes."""
    return DecimalMark.COMMA if language[:2].lower() in _COMMA_LANGUAGES else DecimalMark.POINT


@dataclass(frozen=True, slots=True)
class Number:
    """One number of a text: how it was written, and every (value, unit) that it may mean."""

    surface: str
    variants: tuple[Variant, ...]
    negative: bool = False
    counted: str = ""
    """Stem of the noun that a round number counts, as in 2,300+ restaurants."""
    or_more: bool = False
    """Whether a plus says that it may be more."""
    values: frozenset[Value] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", frozenset(value for value, _ in self.variants))


NUMBER_PATTERN = (
    r"(?<![\w.,])(?:[$€£¥]\s?)?"
    r"(?:\d{1,3}(?:[ \u00a0\u2009\u202f'\u2019]\d{3})+(?:[.,]\d{1,2})?(?!\d)|\d+(?:[.,]\d+)*)"
    r"(?:[^\W\d_]++\d[^\W_]*|[^\W\d_]++|[²³]?)"
)
_PARTS = re.compile(r"([$€£¥]?)\s?([\d.,'\u2019 \u00a0\u2009\u202f]*\d)(.*)", re.DOTALL)
_COUNTED = re.compile(r"\+?[\s-]?(?:[a-z]+[\s-])??([a-z]{3,}[a-rt-z]s)\b")
_RANGE = re.compile(r"\d[-\u2013]\d")
_ORDINALS = word_set("st nd rd th s er re e eme º ª")
_LONGEST_EXACT = 15
_OR_MORE = re.compile(
    r"(?<!no )(?<!not )(?<!nicht )(?<!pas )\b"
    r"(?:(?:more|greater) than|at least|in excess of|upwards? of|exceed(?:s|ing)?"
    r"|mehr als|mindestens|plus d[eu]|au moins|más de|al menos|(?P<over>over|above|über)) $",
    re.IGNORECASE,
)
_DURATIONS = word_set("second minute hour day week month year")


def parse_number(token: str, following: str, preceding: str, mark: DecimalMark) -> list[Number] | None:
    """The numbers that a matched token stands for; None when it is a code such as 3PL rather than a number.

    `following` and `preceding` are the text around it: they hold the unit, the scale word and the sign.
    """
    match = _PARTS.match(token)
    if match is None:
        return None
    currency, digits, suffix = match.groups()
    variants = _variants(currency, digits, fold(suffix), following, mark)
    if variants is None:
        return None
    negative = _is_negative(preceding)
    numbers = [
        Number(
            token.strip(),
            tuple(variants),
            negative,
            _counted(digits, suffix, following, preceding),
            following[:1] == "+" or _is_at_least(preceding, following),
        )
    ]
    if " " in digits and mark is DecimalMark.ANY:
        numbers += [Number(part, tuple((value, "") for value in values_of(part, mark))) for part in digits.split(" ")]
    return numbers


def _variants(currency: str, digits: str, suffix: str, following: str, mark: DecimalMark) -> list[Variant] | None:
    values = values_of(digits, mark)
    unit = UNITS.get(currency, "")
    if suffix and suffix not in _ORDINALS:
        if suffix not in SCALES and suffix not in UNITS:
            return None
        found: list[Variant] = []
        if suffix in SCALES:
            found += [(scaled(value, SCALES[suffix]), unit or unit_at(following)) for value in values]
        if suffix in UNITS and not currency:
            found += [(value, UNITS[suffix]) for value in values]
        return found
    scale, rest = _scale_word(following)
    return [(scaled(value, scale), unit or unit_at(rest)) for value in values]


def values_of(digits: str, mark: DecimalMark) -> list[Value]:
    """The values that digits with separators may stand for, under a decimal mark."""
    plain = digits.translate(_GROUPING)
    points, commas = plain.count("."), plain.count(",")
    if points + commas == 0:
        return [_value(plain)]
    if points and commas:
        decimal = max(".", ",", key=plain.rfind)
        return [_value(plain.replace("," if decimal == "." else ".", "").replace(decimal, "."))]
    separator = "." if points else ","
    groups = plain.split(separator)
    if points + commas > 1:
        grouped = all(len(group) == 3 for group in groups[1:]) or (len(groups[-1]) == 3 and separator == ",")
        return [_value("".join(groups))] if grouped else [plain]
    decimal_value = _value(".".join(groups))
    if len(groups[1]) != 3 or len(groups[0]) > 3 or groups[0] == "0":
        return [decimal_value]
    if mark is DecimalMark.ANY:
        return [_value("".join(groups)), decimal_value]
    return [decimal_value if separator == mark.value else _value("".join(groups))]


_GROUPING = str.maketrans("", "", " \u00a0\u2009\u202f'\u2019")


def _value(digits: str) -> Value:
    return round(float(digits), 9) if len(digits) <= _LONGEST_EXACT else digits


def scaled(value: Value, scale: float) -> Value:
    """The value times a scale word such as million, free of binary rounding."""
    return value if isinstance(value, str) or scale == 1 else round(value * scale, 6)


_AFTER = re.compile(r"[\s\u00a0\u202f(-]{0,3}([^\W\d_]+[²³2]?|[%‰$€£¥°]\s?[CF]?)")


def _scale_word(following: str) -> tuple[float, str]:
    match = _AFTER.match(following)
    scale = SCALES.get(fold(match[1])) if match and len(match[1]) > 1 else None
    return (scale, following[match.end() :]) if match and scale else (1, following)


def unit_at(following: str) -> str:
    """The known unit that the text begins with, or an empty string; "square metres" is one unit."""
    match = _AFTER.match(following)
    if match is None:
        return ""
    word = fold(match[1].replace(" ", ""))
    if word in {"square", "sq", "cubic"}:
        prefix = "cubic " if word == "cubic" else "square "
        then = _AFTER.match(following[match.end() :].lstrip("."))
        return UNITS.get(prefix + fold(then[1]), "") if then else ""
    return UNITS.get(word, "")


def _counted(digits: str, suffix: str, following: str, preceding: str) -> str:
    """The stem of the plural noun that a round number counts: of 2,300+, 40k, ~300 or 24-30, not of a plain one.

    A plain number is told in other words too often ("48 rooms" of "a hotel with 48 rooms and suites" or "beds").
    """
    is_round = following[:1] == "+" or fold(suffix) in SCALES or preceding[-1:] == "~"
    if not (is_round or _RANGE.search(f"{preceding[-2:]}{digits}")):
        return ""
    match = _COUNTED.match(following)
    return stem(match[1]) if match and fold(match[1]) not in UNITS else ""


def _is_at_least(preceding: str, following: str) -> bool:
    """More than 40 docks, but not over 40 days, which may be in that time."""
    found = _OR_MORE.search(preceding)
    return found is not None and not (found["over"] and unit_at(following) in _DURATIONS)


def scale_length(following: str) -> int:
    """Characters that a scale word such as million takes up right after a number."""
    scale, rest = _scale_word(following)
    return len(following) - len(rest) if scale != 1 else 0


def _is_negative(preceding: str) -> bool:
    tail = preceding[-7:]
    if tail[-1:] in {"-", "\u2212", "\u2013"}:
        return tail[-2:-1] == "" or tail[-2:-1].isspace() or tail[-2:-1] == "("
    return tail.lower().endswith("minus ")

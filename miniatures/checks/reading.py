"""Reads a text once into what the checks compare: words, numbers, names and links."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from miniatures.checks.names import looks_like_name
from miniatures.checks.number_words import FACTORS, combined, number_words, stands_alone
from miniatures.checks.numbers import (
    NUMBER_PATTERN,
    DecimalMark,
    Number,
    Value,
    decimal_mark_of,
    parse_number,
    scale_length,
    unit_at,
)
from miniatures.checks.units import SCALES, UNITS
from miniatures.checks.web import find_links, normal_link
from miniatures.checks.words import UNSPACED, WORD_PATTERN, bare, content_stem, fold

_CODE_PATTERN = r"[^\W\d_]++\d[^\W_]*|\d++[^\W\d_]++\d[^\W_]*"
_TOKEN = re.compile(rf"(?P<number>{NUMBER_PATTERN})|(?P<code>{_CODE_PATTERN})|(?P<word>{WORD_PATTERN})")
_UNSPACED = re.compile(f"[{UNSPACED}]")
_LIST_MARK = re.compile(r"\s*\d{1,2}[.)]\s+(?=\D)")


@dataclass(frozen=True, slots=True)
class Reading:
    """What one text says, in the forms that are compared. `names` and `codes` are as written."""

    words: frozenset[str]
    stems: frozenset[str]
    numbers: tuple[Number, ...]
    names: tuple[str, ...]
    links: tuple[str, ...]
    units: frozenset[str]
    values: frozenset[Value]


@lru_cache(maxsize=8_192)
def read_source(text: str, language: str = "en") -> Reading:
    """Reads a line of the brief, a quote or a prospect's field: any decimal mark, number words as numbers."""
    return read(text, language, DecimalMark.ANY)


def read_draft(text: str, language: str) -> Reading:
    """Reads one sentence of a draft by its own language."""
    return read(text, language, decimal_mark_of(language))


def read(text: str, language: str, mark: DecimalMark) -> Reading:
    """Reads a text. Any string is readable."""
    start = _LIST_MARK.match(text)
    place = start.end() if start else 0
    reader = _Reader(text, language, mark)
    for link in find_links(text):
        reader.take_words(place, link.start)
        reader.take_link(link.text)
        place = link.end
    reader.take_words(place, len(text))
    return reader.finish()


@lru_cache(maxsize=32_768)
def _word_facts(written: str) -> tuple[str, tuple[str, ...], str]:
    """A word without its ending marks, its content stems (pairs of characters in scripts without spaces), its unit."""
    word = bare(written)
    if not written.isascii() and _UNSPACED.search(written):
        stems = tuple(word[place : place + 2] for place in range(max(1, len(word) - 1)))
    else:
        found = content_stem(written)
        stems = (found,) if found else ()
    return word, stems, UNITS.get(word, "")


class _Reader:
    def __init__(self, text: str, language: str, mark: DecimalMark) -> None:
        self._text, self._language, self._mark = text, language, mark
        self._number_words = number_words(language)
        self._words: set[str] = set()
        self._stems: set[str] = set()
        self._numbers: list[Number] = []
        self._names: list[str] = []
        self._links: list[str] = []
        self._units: set[str] = set()
        self._spelled: list[tuple[re.Match[str], str]] = []
        self._first_word = True
        self._consumed = 0

    def take_words(self, start: int, end: int) -> None:
        """Read a stretch without links."""
        for match in _TOKEN.finditer(self._text, start, end):
            self._take(match)

    def take_link(self, link: str) -> None:
        """Read a link: its words are words of the text."""
        self._end_spelled()
        self._links.append(normal_link(link))
        self._words.update(fold(part) for part in re.split(r"\W+", link) if part)
        self._first_word = False

    def _take(self, match: re.Match[str]) -> None:
        kind = match.lastgroup
        if match.start() < self._consumed:
            return
        if kind == "word":
            self._take_word(match)
            return
        self._end_spelled()
        if kind == "code" or not self._take_number(match):
            self._names.append(match[0])
            self._words.add(fold(match[0]))
            self._stems.add(fold(match[0]))
        self._first_word = False

    def _take_number(self, match: re.Match[str]) -> bool:
        following = self._text[match.end() : match.end() + 32]
        preceding = self._text[max(0, match.start() - 16) : match.start()]
        numbers = parse_number(match[0], following, preceding, self._mark)
        if numbers is None:
            return False
        self._numbers += numbers
        self._consumed = match.end() + scale_length(following)
        self._units.update(unit for number in numbers for _, unit in number.variants if unit)
        return True

    def _take_word(self, match: re.Match[str]) -> None:
        written = match[0]
        word, stems, unit = _word_facts(written)
        if word in self._number_words or word in _VAGUE or (self._spelled and word in SCALES):
            self._join_spelled(match, word)
        else:
            self._end_spelled()
        self._words.add(word)
        self._stems.update(stems)
        if unit:
            self._units.add(unit)
        is_name = not written.islower() and word not in self._number_words
        if is_name and looks_like_name(self._text, match.start(), written, word, self._language, self._first_word):
            self._names.append(written)
        self._first_word = False

    def _join_spelled(self, match: re.Match[str], word: str) -> None:
        if self._spelled:
            between = self._text[self._spelled[-1][0].end() : match.start()]
            if between not in {" ", "-", " and "}:
                self._end_spelled()
        self._spelled.append((match, word))

    def _end_spelled(self) -> None:
        if not self._spelled:
            return
        words = [word for _, word in self._spelled]
        first, last = self._spelled[0][0], self._spelled[-1][0]
        self._spelled = []
        if len(words) == 1 and not stands_alone(words[0]) and self._mark is not DecimalMark.ANY:
            return
        scales = {place: SCALES[word] for place, word in enumerate(words) if word in SCALES}
        value = combined([self._number_words.get(word, 0.0) for word in words], scales)
        unit = "times" if words[-1] in FACTORS else unit_at(self._text[last.end() : last.end() + 32])
        variants = [(value, unit)]
        if value == 0.5:
            variants.append((50.0, "%"))
        self._numbers.append(Number(self._text[first.start() : last.end()], tuple(variants)))

    def finish(self) -> Reading:
        self._end_spelled()
        return Reading(
            words=frozenset(self._words),
            stems=frozenset(self._stems),
            numbers=tuple(self._numbers),
            names=tuple(self._names),
            links=tuple(self._links),
            units=frozenset(self._units),
            values=frozenset().union(*(number.values for number in self._numbers)),
        )


_VAGUE = frozenset({"hundred", "hundreds", "thousand", "thousands", "million", "millions", "billion", "billions"})

"""Splits text into sentences that are verbatim slices of it, in most European languages and in CJK."""

from __future__ import annotations

import re
from collections.abc import Iterator

from miniatures.checks.word_list import listed_words
from miniatures.checks.words import fold

_END = re.compile(r"(?<![.!?…])[.!?…]++[\"'”\u2019»)\]]*+(?=\s|$)|[。！？]+[”\u2019」』)]*|[؟।]+")  # noqa: RUF001
_LINE_BREAK = re.compile(r"[\r\n\u2028\u2029\x0b\x0c\x85]+")
_LAST_WORD = re.compile(r"(?:^|[\s(\"“„«'])([^\s(\"“„«']*)$")
_INITIALS = re.compile(r"^(?:[^\W\d_]\.)*[^\W\d_]$")
_ABBREVIATIONS = listed_words("abbreviations")
_MONTHS = listed_words("months")


def sentences(text: str) -> Iterator[str]:
    """The sentences of a text, trimmed, in order. A line break always ends a sentence."""
    for line in _LINE_BREAK.split(text):
        yield from _in_line(line)


def _in_line(line: str) -> Iterator[str]:
    start = 0
    for end in _END.finditer(line):
        if not _is_boundary(line, end):
            continue
        sentence = line[start : end.end()].strip()
        if sentence:
            yield sentence
        start = end.end()
    rest = line[start:].strip()
    if rest:
        yield rest


def _is_boundary(line: str, end: re.Match[str]) -> bool:
    mark = end[0]
    following = line[end.end() : end.end() + 24].lstrip()
    if mark[0] in "。！？؟।" or not following:  # noqa: RUF001
        return True
    if following[0].islower():
        return False
    if mark[0] != "." or mark.startswith(".."):
        return True
    return not _is_abbreviation(line[max(0, end.start() - 24) : end.start()], following)


def _is_abbreviation(before: str, following: str) -> bool:
    found = _LAST_WORD.search(before)
    word = found[1] if found else before
    if word.isdigit() and len(word) <= 2:
        return re.split(r"\W", following, maxsplit=1)[0].lower() in _MONTHS
    return bool(_INITIALS.match(word)) or fold(word) in _ABBREVIATIONS or word.lower() in _ABBREVIATIONS

"""Splits text into sentences that are verbatim slices of it, in most European languages and in CJK."""

from __future__ import annotations

import re
from collections.abc import Iterator

from miniatures.checks.word_list import word_set
from miniatures.checks.words import fold

_END = re.compile(r"[.!?…]+[\"'”\u2019»)\]]*(?=\s|$)|[。！？]+[”\u2019」』)]*|[؟।]+")  # noqa: RUF001
_LINE_BREAK = re.compile(r"[\r\n\u2028\u2029\x0b\x0c\x85]+")
_LAST_WORD = re.compile(r"(?:^|[\s(\"“„«'])([^\s(\"“„«']*)$")
_INITIALS = re.compile(r"^(?:[^\W\d_]\.)*[^\W\d_]$")
_ABBREVIATIONS = word_set(
    """
    mr mrs ms dr prof st sr jr messrs mt no nos vol pp p fig figs ca approx est inc ltd co corp plc bros dept
    univ vs etc e.g i.e cf al jan feb mar apr jun jul aug sep sept oct nov dec tel ext ave blvd rd gen col
    capt lt sgt rev hon bzw nr str abs usw vgl inkl zzgl evtl ggf sog mio mrd tsd hr fr z.b d.h u.a geb hrsg
    jh max min art bd s m mme mlle av env n° cie sté sra srta dña ud uds núm pág tfno ee.uu dott sig avv ing
    rag soc tel o.ä bv nv dhr mevr i.v.m t.o.v o.a m.b.t bijv dl sp z.o.o ul tzw np tj
    """
)
_MONTHS = word_set(
    """
    januar februar märz april mai juni juli august september oktober november dezember jänner januari februari
    maart mei augustus oktober
    """
)


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

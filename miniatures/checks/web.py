"""Finds the links and addresses of an email as a mail program would, and leaves its ordinary dotted words alone.

A sentence that lacks the space after its full stop ("in Q3.In March"), a file's name (plan.md), a degree (M.Sc), an
abbreviation (e.g.in) or a time (9.am) ends like a domain and is none.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from miniatures.checks.units import UNITS
from miniatures.checks.vocabulary import is_ordinary
from miniatures.checks.word_list import listed_words, word_set
from miniatures.checks.words import HANGUL, UNSPACED, fold
from miniatures.datamodel.clickable import Clickable, clickables, is_domain
from miniatures.datamodel.plain_text import as_clicked

_TRAILING = ".,;:!?)]}'\"\u2019*_>"
_DOTTED_NAMES = listed_words("dotted_names")
_ABBREVIATIONS = listed_words("abbreviations")
_SMALL_WORDS = word_set("am as at be by do in is it me my no so to us")
_BEFORE_SMALL_WORDS = word_set(
    "a.m approx bzw ca est etc evtl ggf incl inkl p.m usw vs jan feb mar apr jun jul aug sep sept oct nov dec"
)
_LONGER_OPENERS = word_set("How New Now Here Next One You")
_FILE_ENDINGS = word_set("md py sh")
_FILE_NAMES = word_set(
    "backup build changelog config contributing deploy guide index install license licence main notes plan readme "
    "report roadmap run runbook script setup test tests todo utils"
)
_LAST_NAMES = word_set(
    "Abbott Black Blue Bond Chase Ford Fox Gallo Gold Gray Green Hughes Kim Leclerc Lincoln Pink Rich Schmidt Schwarz "
    "Sharp Weir"
)
"""Last names that end a domain as well: J.Green may be somebody."""
_UNSPACED_TEXT = re.compile(f"[{UNSPACED}{HANGUL}]++")
_GOES_ON = re.compile(r"[@/\\]|[a-z0-9]", re.IGNORECASE | re.ASCII)
_VERSION = re.compile(r"\b(?:version|release|firmware|build|update)\s+(?:is\s+|to\s+)?$", re.IGNORECASE)


def find_links(text: str, known: Collection[str] | None = None) -> Iterator[Clickable]:
    """The links of a text, in order.

    A word glued to the next sentence is taken for one if it is an ordinary word or one of `known` (folded); whatever
    word it is if `known` is null.
    """
    return (found for found in clickables(text) if not _is_ordinary(found, text, known))


def links_of(text: str, known: Collection[str] | None = None) -> list[str]:
    """Every link, address and bare domain of the text as a mail program shows it, normalized."""
    shown = as_clicked(text)
    return [normal_link(found.text) for found in find_links(shown, known)]


def without_links(text: str, known: Collection[str] | None = None) -> str:
    """The text with nothing in place of its links and addresses; `known` as in `find_links`."""
    pieces, place = [], 0
    for found in find_links(text, known):
        pieces.append(text[place : found.start])
        place = found.end
    return " ".join([*pieces, text[place:]])


def normal_link(link: str) -> str:
    """What spellings of one link share: no scheme, no www. (www.com keeps it), no trailing slash, lower-case host."""
    trimmed = _without_text_around(link.rstrip(_TRAILING)).rstrip(_TRAILING)
    scheme, mark, rest = trimmed.partition("://")
    if mark and scheme.lower() in {"http", "https"}:
        trimmed = rest
    trimmed = re.sub(r"^(?:mailto:|www\.(?=[^/?#]*\.))", "", trimmed, flags=re.IGNORECASE)
    host, slash, path = trimmed.partition("/")
    return (host.lower() + slash + path).rstrip("/")


def _without_text_around(link: str) -> str:
    """The link without the words that a script without spaces writes right beside it, as in `見https://a.example/b。`."""
    start = _UNSPACED_TEXT.match(link)
    rest = link[start.end() :] if start and link[start.end() :][:1].isascii() else link
    after = _UNSPACED_TEXT.search(rest)
    if after is None or not rest[: after.start()].strip(_TRAILING) or _GOES_ON.search(rest, after.start()):
        return rest
    ends = any(is_domain(f"a.{label}") for label in re.split(r"[^\w-]+", rest[after.start() :]) if label)
    return rest if ends else rest[: after.start()]


def host_of(link: str) -> str:
    """The host of a URL, bare domain or address, without www. and port."""
    rest = normal_link(link).rpartition("@")[2]
    return re.split(r"[/:?#]", rest, maxsplit=1)[0]


def _is_ordinary(found: Clickable, text: str, known: Collection[str] | None) -> bool:
    if all(name in _DOTTED_NAMES for name in found.text.split("/")):
        return True
    if not found.is_bare:
        return False
    *words, last = found.host.split(".")
    return (
        _is_version(last, text[max(0, found.start - 24) : found.start])
        or _is_measure(words, last)
        or _is_abbreviated(words, last)
        or _is_file(words, last)
        or _is_glued(words, last, text[found.end : found.end + 2], known)
    )


def _is_version(last: str, before: str) -> bool:
    return last.isdigit() and _VERSION.search(before) is not None


def _is_measure(words: list[str], last: str) -> bool:
    """9.30.am or 12.km"""
    ending = last.lower()
    return all(word.isdigit() for word in words) and (ending in UNITS or ending in {"am", "pm"})


def _is_abbreviated(words: list[str], last: str) -> bool:
    """e.g.in, etc.to or E.Leclerc"""
    if all(len(word) == 1 and word.isupper() for word in words) and last in _LAST_NAMES:
        return True
    written = ".".join(words).lower()
    known = written in _BEFORE_SMALL_WORDS or ("." in written and written in _ABBREVIATIONS)
    return known and last in _SMALL_WORDS


def _is_file(words: list[str], last: str) -> bool:
    """README.md or meeting_notes.md"""
    parts = [fold(part) for word in words for part in re.split(r"[-_]", word) if part]
    named = not _FILE_NAMES.isdisjoint(parts)
    return last in _FILE_ENDINGS and named and all(part in _FILE_NAMES or _is_word(part, ()) for part in parts)


def _is_glued(words: list[str], last: str, following: str, known: Collection[str] | None) -> bool:
    """The end of one sentence and the beginning of the next: "in Rotterdam.In March"."""
    opens = last.istitle() and (len(last) == 2 or last in _LONGER_OPENERS)
    goes_on = following[:1].isspace() and following[1:].isalnum()
    return opens and goes_on and len(words) == 1 and (known is None or _is_word(words[0], known))


def _is_word(written: str, known: Collection[str]) -> bool:
    word = fold(written)
    return word in known or is_ordinary(word) or word.isdigit() or (len(word) <= 4 and word[-1:].isdigit())

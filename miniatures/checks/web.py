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
from miniatures.checks.words import fold
from miniatures.datamodel.clickable import Clickable, clickables
from miniatures.datamodel.plain_text import as_clicked

_TRAILING = ".,;:!?)]}'\"\u2019*_>"
_DOTTED_NAMES = listed_words("dotted_names")
_ABBREVIATIONS = listed_words("abbreviations")
_SMALL_WORDS = word_set("am as at be by do in is it me my no so to us")
_LONGER_OPENERS = word_set("How New Now Here Next One You")
_FILE_ENDINGS = word_set("md py sh rs pl")
_FILE_NAMES = word_set("readme changelog contributing license licence index main setup notes install roadmap todo")
_WELL_KNOWN = word_set("com net org info biz edu gov")
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


def without_links(text: str) -> str:
    """The text with nothing in place of its links and addresses."""
    pieces, place = [], 0
    for found in find_links(text):
        pieces.append(text[place : found.start])
        place = found.end
    return " ".join([*pieces, text[place:]])


def normal_link(link: str) -> str:
    """What spellings of one link share: no scheme, no www. (www.com keeps it), no trailing slash, lower-case host."""
    trimmed = link.rstrip(_TRAILING)
    scheme, mark, rest = trimmed.partition("://")
    if mark and scheme.lower() in {"http", "https"}:
        trimmed = rest
    trimmed = re.sub(r"^(?:mailto:|www\.(?=[^/?#]*\.))", "", trimmed, flags=re.IGNORECASE)
    host, slash, path = trimmed.partition("/")
    return (host.lower() + slash + path).rstrip("/")


def host_of(link: str) -> str:
    """The host of a URL, bare domain or address, without www. and port."""
    rest = normal_link(link).rpartition("@")[2]
    return re.split(r"[/:?#]", rest, maxsplit=1)[0]


def _is_ordinary(found: Clickable, text: str, known: Collection[str] | None) -> bool:
    if found.host in _DOTTED_NAMES:
        return True
    if not found.is_bare:
        return False
    *words, last = found.host.split(".")
    return (
        _is_version(last, text[max(0, found.start - 24) : found.start])
        or _is_measure(words, last)
        or _is_abbreviated(words, last)
        or _is_file(words, last, known)
        or _is_glued(words, last, text[found.end : found.end + 2], known)
    )


def _is_version(last: str, before: str) -> bool:
    return last.isdigit() and _VERSION.search(before) is not None


def _is_measure(words: list[str], last: str) -> bool:
    """9.30.am, 12.km or 4.in"""
    ending = last.lower()
    return all(word.isdigit() for word in words) and (ending in UNITS or ending in _SMALL_WORDS or ending == "pm")


def _is_abbreviated(words: list[str], last: str) -> bool:
    """e.g.in, etc.to or E.Leclerc"""
    if all(len(word) == 1 for word in words):
        named = words[0].isupper() and last.istitle() and len(last) > 2 and last.lower() not in _WELL_KNOWN
        return named or len(words) > 1
    return len(words) == 1 and words[0].lower() in _ABBREVIATIONS and last in _SMALL_WORDS


def _is_file(words: list[str], last: str, known: Collection[str] | None) -> bool:
    """README.md or meeting_notes.md"""
    parts = [part for word in words for part in re.split(r"[-_]", word) if part]
    return last in _FILE_ENDINGS and all(fold(part) in _FILE_NAMES or _is_word(part, known or ()) for part in parts)


def _is_glued(words: list[str], last: str, following: str, known: Collection[str] | None) -> bool:
    """The end of one sentence and the beginning of the next: "in Rotterdam.In March"."""
    opens = last.istitle() and (len(last) == 2 or last in _LONGER_OPENERS)
    goes_on = following[:1].isspace() and following[1:].isalnum()
    return opens and goes_on and len(words) == 1 and (known is None or _is_word(words[0], known))


def _is_word(written: str, known: Collection[str]) -> bool:
    word = fold(written)
    return word in known or is_ordinary(word) or word.isdigit() or (len(word) <= 4 and word[-1:].isdigit())

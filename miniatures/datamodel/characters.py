"""Characters that no reader sees, and accents without end: what text from outside is freed of, wherever it comes in."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Literal

CONTROLS = "\x00-\x1f\x7f-\x9f\u2028\u2029"
"""Control characters, tab and line breaks among them, for use in a character class."""

JOINERS = "\u200c\u200d"
"""Invisible, but names in Persian and Indic scripts need them; for use in a character class."""

SURROGATES = "\ud800-\udfff"
"""Halves of characters, which no encoding takes, for use in a character class."""

VARIATIONS = "\ufe00-\ufe0f"
"""Invisible, but they colour emoji; for use in a character class."""

HIDDEN = (
    "\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
    "\u2800\ufff9-\ufffc\U0001107f\U00013430-\U00013440\U00016fe4\U0001d159"  # blank glyphs, joiners, annotations
    "\ufdd0-\ufdef" + "".join(f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0, 0x110000, 0x10000))
)
"""What shows nothing and serves nobody: all else that Unicode calls default-ignorable, turns of direction, blanks and
non-characters, for use in a character class."""

INVISIBLE = HIDDEN + VARIATIONS
"""What shows nothing, joiners apart, for use in a character class."""

_MOST_MARKS = 30
_LAST_MARK = 0x1FFFF


def nfc(text: str) -> str:
    """The text in NFC, stream-safe as well."""
    return stream_safe(normalized("NFC", text))


def normalized(form: Literal["NFC", "NFD", "NFKC", "NFKD"], text: str) -> str:
    """The text in a normal form, in time linear in its length."""
    return text if text.isascii() else unicodedata.normalize(form, stream_safe(text))


def stream_safe(text: str) -> str:
    """The text with 30 combining marks in a row at most (Unicode's stream-safe format, UAX 15).

    Ordering a longer run takes time that grows with its square, and no language has one.
    """
    if text.isascii():
        return text
    suspect, too_many = _runs_of_marks()
    return too_many.sub(lambda run: run[0][:_MOST_MARKS], text) if suspect.search(text) else text


@lru_cache(maxsize=1)
def _runs_of_marks() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """What is looked for first, because it is found quickly, and what it may be."""
    marks = list(filter(unicodedata.combining, map(chr, range(_LAST_MARK))))
    near = "".join(mark for mark in marks if mark < "\U00010000")
    suspect = re.compile(f"[{near}\U00010000-\U0001ffff]{{{_MOST_MARKS + 1}}}")
    return suspect, re.compile(f"[{''.join(marks)}]{{{_MOST_MARKS + 1},}}")

"""Text as a mail program reads it: what is hidden in it is gone, and what only looks different is the same.

Unicode lets one starting letter carry any number of marks, and sorting them takes time with the square of their number.
Text from outside is therefore cut to a sane number of marks before it is normalized (UAX #15: stream-safe text).
"""

from __future__ import annotations

import re
import unicodedata

UNPRINTABLE = (
    r"\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u2028-\u202e"
    r"\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e01ef"
)
"""Control and format characters, blanks that show nothing, lone surrogates and the two Unicode line breaks, for a
character class. The two joiners (U+200C, U+200D) are not among them: names in Persian and Indic scripts need them."""
_HIDDEN = re.compile(rf"[{UNPRINTABLE}\u200c\u200d\ufe00-\ufe0f]")
_MOST_MARKS = 30
_DOTS_AND_SLASHES = str.maketrans({"\u3002": ".", "\u2024": ".", "\\": "/", "\u2044": "/", "\u2215": "/"})


def stream_safe(text: str) -> str:
    """The text with no more than 30 marks in a row, so that normalizing it takes time with its length alone."""
    if text.isascii():
        return text
    kept, run = [], 0
    for character in text:
        run = run + 1 if unicodedata.combining(character) else 0
        if run <= _MOST_MARKS:
            kept.append(character)
    return "".join(kept)


def normalized(form: str, text: str) -> str:
    """The text in a normal form (NFC, NFD, NFKC or NFKD), in time linear in its length."""
    return text if text.isascii() else unicodedata.normalize(form, stream_safe(text))  # type: ignore[arg-type]


def as_clicked(text: str) -> str:
    """The text as a browser would take a link in it: compatibility forms folded, hidden characters and marks left out.

    Line breaks and tabs stay, every kind of dot is a dot and a backslash is a slash.
    """
    if text.isascii() and text.isprintable():
        return text.translate(_DOTS_AND_SLASHES)
    shown = "\n".join(_HIDDEN.sub("", line) for line in re.split(r"[\n\r\t\v\f\u2028\u2029]", text))
    plain = normalized("NFKC", shown).translate(_DOTS_AND_SLASHES)
    return plain if plain.isascii() else "".join(one for one in plain if unicodedata.category(one) not in {"Mn", "Me"})

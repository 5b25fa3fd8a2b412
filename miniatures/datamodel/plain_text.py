"""Text as a mail program reads it: what is hidden in it is gone, and what only looks different is the same."""

from __future__ import annotations

import re
import unicodedata

from miniatures.datamodel.characters import normalized

UNPRINTABLE = (
    r"\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u2028-\u202e"
    r"\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e01ef"
)
"""Control and format characters, blanks that show nothing, lone surrogates and the two Unicode line breaks, for a
character class. The two joiners (U+200C, U+200D) are not among them: names in Persian and Indic scripts need them."""
_HIDDEN = re.compile(rf"[{UNPRINTABLE}\u200c\u200d\ufe00-\ufe0f]")
_DOTS_AND_SLASHES = str.maketrans({"\u3002": ".", "\u2024": ".", "\\": "/", "\u2044": "/", "\u2215": "/"})


def as_clicked(text: str) -> str:
    """The text as a browser would take a link in it: compatibility forms folded, hidden characters and marks left out.

    Line breaks and tabs stay, every kind of dot is a dot and a backslash is a slash.
    """
    if text.isascii() and text.isprintable():
        return text.translate(_DOTS_AND_SLASHES)
    shown = "\n".join(_HIDDEN.sub("", line) for line in re.split(r"[\n\r\t\v\f\u2028\u2029]", text))
    plain = normalized("NFKC", shown).translate(_DOTS_AND_SLASHES)
    return plain if plain.isascii() else "".join(one for one in plain if unicodedata.category(one) not in {"Mn", "Me"})

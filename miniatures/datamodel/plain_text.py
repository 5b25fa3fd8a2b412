"""Text as a mail program reads it: what is hidden in it is gone, and what only looks different is the same."""

from __future__ import annotations

import re
import unicodedata

from miniatures.datamodel.characters import CONTROLS, HIDDEN, JOINERS, SURROGATES, VARIATIONS, normalized

UNPRINTABLE = CONTROLS + HIDDEN + SURROGATES
"""What no reader sees, for a character class; the joiners that some scripts need and what colours emoji apart."""
_UNSEEN = re.compile(f"[{UNPRINTABLE}{JOINERS}{VARIATIONS}]")
_DOTS_AND_SLASHES = str.maketrans({"\u3002": ".", "\u2024": ".", "\\": "/", "\u2044": "/", "\u2215": "/"})


def as_clicked(text: str) -> str:
    """The text as a browser would take a link in it: compatibility forms folded, hidden characters and marks left out.

    Line breaks and tabs stay, every kind of dot is a dot and a backslash is a slash.
    """
    if text.isascii() and text.isprintable():
        return text.translate(_DOTS_AND_SLASHES)
    shown = "\n".join(_UNSEEN.sub("", line) for line in re.split(r"[\n\r\t\v\f\u2028\u2029]", text))
    plain = normalized("NFKC", shown).translate(_DOTS_AND_SLASHES)
    return plain if plain.isascii() else "".join(one for one in plain if unicodedata.category(one) not in {"Mn", "Me"})

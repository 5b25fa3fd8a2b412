"""Text as a mail program reads it: what is hidden in it is gone, and what only looks different is the same."""

from __future__ import annotations

import re
import unicodedata

from miniatures.datamodel.characters import CONTROLS, HIDDEN, JOINERS, SURROGATES, VARIATIONS, normalized

UNPRINTABLE = CONTROLS + HIDDEN + SURROGATES
"""What no reader sees, for a character class; the joiners that some scripts need and what colours emoji apart."""
_UNSEEN = re.compile(f"[{UNPRINTABLE}{JOINERS}{VARIATIONS}]")
_DOTS_AND_SLASHES = str.maketrans({"\u3002": ".", "\u2024": ".", "\\": "/", "\u2044": "/", "\u2215": "/"})
_WIDE_MARK = re.compile(r"(?<=[\uff0c\u3001\uff1b\uff01\uff1f\uff09\u300d\u3011\u300b])(?!\S{0,200}[@\uff20])")
"""After a mark that ends a link in a text without spaces."""
_SPELT_DOT = re.compile(r"\s?[\[({]\s?(?:\.|dot|punkt|punto|point|ponto|punt)\s?[\])}]\s?", re.IGNORECASE)
_SPELT_AT = re.compile(r"\s?[\[({]\s?(?:@|at)\s?[\])}]\s?", re.IGNORECASE)


def as_clicked(text: str) -> str:
    """The text as a browser would take a link in it: compatibility forms folded, hidden characters and marks left out.

    Line breaks and tabs stay, every kind of dot is a dot and a backslash is a slash. So are [dot] and (at), which a
    person reads as such.
    """
    return _SPELT_AT.sub("@", _SPELT_DOT.sub(".", _as_shown(text)))


def _as_shown(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text.translate(_DOTS_AND_SLASHES)
    shown = "\n".join(
        _WIDE_MARK.sub(" ", _UNSEEN.sub("", line)) for line in re.split(r"[\n\r\t\v\f\u2028\u2029]", text)
    )
    plain = normalized("NFKC", shown).translate(_DOTS_AND_SLASHES)
    return plain if plain.isascii() else "".join(one for one in plain if unicodedata.category(one) not in {"Mn", "Me"})

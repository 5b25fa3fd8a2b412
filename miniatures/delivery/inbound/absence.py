"""Notes that somebody is away, or has left for good."""

from __future__ import annotations

import re

from miniatures.delivery.inbound.phrases import Said, flat, pattern

_LOOKED_AT = 1_500
_OF_OTHERS = re.compile(
    r"\b(?:colleague|kolleg\w+|collègue|compañer[oa]|colleg[ah]|collega|kollega|colega)\b", re.IGNORECASE
)


def says_away(text: str) -> bool:
    """Whether somebody says that they are away just now."""
    return bool(pattern(Said.AWAY).search(flat(text, _LOOKED_AT)))


def says_gone(text: str) -> bool:
    """Whether the text says that whoever was written to is there no more, or that nobody reads the mailbox.

    Of a sentence about a colleague it is not taken.
    """
    told = flat(text, _LOOKED_AT)
    return any(not _OF_OTHERS.search(_sentence_before(told, found)) for found in pattern(Said.GONE).finditer(told))


def _sentence_before(text: str, found: re.Match[str]) -> str:
    return re.split(r"[.!?]\s", text[: found.start()])[-1]

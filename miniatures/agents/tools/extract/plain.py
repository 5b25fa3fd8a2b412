"""Text that wraps its lines by hand: lines of one paragraph are joined, so that a sentence is never cut in two."""

from __future__ import annotations

import re

_BLANK = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")
_NEW_ITEM = re.compile(r"\s*(?:[-*•+]\s|\d{1,3}[.)]\s|#{1,6}\s|\|)")
_RULER = re.compile(r"\s*[-=_*~#]{3,}\s*")


def paragraphs(text: str) -> str:
    """The text, one paragraph a line. List items, headings and table rows stay lines of their own."""
    blocks = _BLANK.split(text.replace("\r\n", "\n").replace("\r", "\n"))
    return "\n".join(line for block in blocks for line in _joined(block.split("\n")))


def _joined(lines: list[str]) -> list[str]:
    joined: list[str] = []
    ends = True
    for line in lines:
        if _RULER.fullmatch(line):
            ends = True
        elif ends or not joined or _NEW_ITEM.match(line):
            joined.append(line.strip())
            ends = line.lstrip().startswith("#")
        else:
            joined[-1] = _glued(joined[-1], line.strip())
    return joined


def _glued(first: str, second: str) -> str:
    """Two lines as one; a word that was cut with a hyphen before a small letter is mended."""
    if re.search(r"[^\W\d]-$", first) and second[:1].islower():
        return first[:-1] + second
    return f"{first} {second}"

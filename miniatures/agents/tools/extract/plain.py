"""Text that wraps its lines by hand: lines of one paragraph are joined, so that a sentence is never cut in two."""

from __future__ import annotations

import re

_BLANK = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")
_NEW_ITEM = re.compile(r"\s*(?:[-*•+]\s|\d{1,3}[.)]\s|#{1,6}\s|\|)")
_RULER = re.compile(r"\s*[-=_*~#]{3,}\s*")
_CUT_WORD = re.compile(r"[^\W\d]-")


def paragraphs(text: str) -> str:
    """The text, one paragraph a line. List items, headings and table rows stay lines of their own."""
    blocks = _BLANK.split(text.replace("\r\n", "\n").replace("\r", "\n"))
    return "\n".join(_glued(lines) for block in blocks for lines in _joined(block.split("\n")))


def _joined(lines: list[str]) -> list[list[str]]:
    """The lines of a block, those together that make one."""
    joined: list[list[str]] = []
    ends = True
    for line in lines:
        if _RULER.fullmatch(line):
            ends = True
        elif ends or not joined or _NEW_ITEM.match(line):
            joined.append([line.strip()])
            ends = line.lstrip().startswith("#")
        else:
            joined[-1].append(line.strip())
    return joined


def _glued(lines: list[str]) -> str:
    """Lines as one; a word that was cut with a hyphen before a small letter is mended."""
    pieces = [lines[0]]
    for line in lines[1:]:
        if _CUT_WORD.fullmatch(pieces[-1][-2:]) and line[:1].islower():
            pieces[-1] = pieces[-1][:-1]
        else:
            pieces.append(" ")
        pieces.append(line)
    return "".join(pieces)

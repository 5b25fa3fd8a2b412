"""Reads the little Markdown that the rubrics are written in; what comes of it is text, which a template escapes."""

from __future__ import annotations

import re
from dataclasses import dataclass

_BLOCK = re.compile(r"\n\s*\n")
_BOLD = re.compile(r"\*\*(.+?)\*\*", re.DOTALL)
_ITEM = re.compile(r"^(?:- |\d+\. )", re.MULTILINE)
_WRAP = re.compile(r"\s*\n\s*")
_BREAK = re.compile(r"\n(?=\*\*)")


@dataclass(frozen=True)
class Words:
    """A stretch of text."""

    text: str
    bold: bool = False


@dataclass(frozen=True)
class Block:
    """A heading, a paragraph or a list, by its lines or items. A line that begins in bold is one of its own."""

    kind: str
    lines: tuple[tuple[Words, ...], ...]


def blocks(text: str) -> list[Block]:
    """The text's headings, paragraphs and lists, in its order."""
    return [_block(part.strip()) for part in _BLOCK.split(text) if part.strip()]


def _block(part: str) -> Block:
    if part.startswith("#"):
        return Block("heading", (_words(part.lstrip("# ")),))
    if _ITEM.match(part):
        kind = "list" if part.startswith("-") else "numbers"
        return Block(kind, tuple(_words(item.strip()) for item in _ITEM.split(part) if item.strip()))
    return Block("paragraph", tuple(map(_words, _BREAK.split(part))))


def _words(text: str) -> tuple[Words, ...]:
    """The text on one line, with what stood between double asterisks in bold."""
    parts = _BOLD.split(_WRAP.sub(" ", text))
    found = (Words(part, bold=place % 2 == 1) for place, part in enumerate(parts))
    return tuple(words for words in found if words.text)

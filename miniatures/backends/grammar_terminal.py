"""Writes a fixed text into a grammar in the one form that every engine reads as it is meant.

OpenVINO GenAI 2026.4 prints an accented letter as a hexadecimal escape, and reads it back together with those letters
after it that could be digits of one, which makes another name of it. Terminals that end with the letter are safe.
"""

from __future__ import annotations

import json
import re

_PIECE = re.compile(r"[\x00-\x7f]*[^\x00-\x7f]+|[\x00-\x7f]+")


def terminal(text: str) -> str:
    """The text as quoted terminals, one after each other."""
    return " ".join(json.dumps(piece, ensure_ascii=False) for piece in _PIECE.findall(text)) or '""'

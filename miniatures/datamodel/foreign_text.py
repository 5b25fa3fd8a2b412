"""What text from outside may not do where it is shown: steer a terminal, turn the reading direction, or hide itself.

Web pages, model answers, lists and stores are written by others. Whatever shows them, in a terminal, as JSON, in a
report or in a workbook, takes the same characters for unsafe.
"""

from __future__ import annotations

import re

from miniatures.datamodel.characters import CONTROLS, HIDDEN, SURROGATES

_UNSAFE = re.compile(f"(?![\t\n])[{CONTROLS}{HIDDEN}{SURROGATES}]")
_REPLACEMENT = "\ufffd"


def visible(text: str) -> str:
    """The text with U+FFFD in place of each unsafe character; a line break of any system is a line feed."""
    return _UNSAFE.sub(_REPLACEMENT, text.replace("\r\n", "\n").replace("\r", "\n"))


def escaped_json(text: str) -> str:
    """JSON text of the same meaning in which unsafe characters are escapes."""
    return _UNSAFE.sub(_escape, text)


def is_web_address(url: str) -> bool:
    """Whether a browser may be sent there: `http` or `https`, and nothing that a script hides in."""
    return url.lower().startswith(("http://", "https://"))


def _escape(match: re.Match[str]) -> str:
    units = match.group().encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[place]:02x}{units[place + 1]:02x}" for place in range(0, len(units), 2))

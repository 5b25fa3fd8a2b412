"""What text from outside may not do where it is shown: steer a terminal, turn the reading direction, or hide itself.

Web pages, model answers, lists and stores are written by others. Whatever shows them, in a terminal, as JSON, in a
report or in a workbook, takes the same characters for unsafe.
"""

from __future__ import annotations

import re

# Control characters but tab and line feed, soft and invisible spaces, marks and overrides of direction, the two Unicode
# line breaks, lone surrogates and tags. The joiners U+200C and U+200D stay: Persian and Indic names need them.
_UNSAFE = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    r"\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
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

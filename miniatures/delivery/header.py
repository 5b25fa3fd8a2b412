"""Header lines of an email, folded: text that came from outside can neither end one nor begin another.

The standard library's modern classes parse and refold what they are given, and lose quotes of some names when they do
(Python 3.11). A line is therefore encoded here once, by `email.header`, and stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from email.header import Header

from miniatures.datamodel.characters import CONTROLS, SURROGATES

_CONTROLS = re.compile(f"[{CONTROLS}{SURROGATES}]+")
_WIDTH = 76
_LONGEST_WORD = 60
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]*")
"""What a display name may hold without quotes (RFC 5322, atext and spaces)."""


def one_line(text: str) -> str:
    """The text on one line: control characters and halves of characters are spaces, and runs of white space are one."""
    return " ".join(_CONTROLS.sub(" ", text).split())


def text_line(name: str, text: str) -> bytes:
    """A header of free text, such as the subject."""
    return _line(name, _encoded(name, one_line(text)))


def address_line(name: str, display_name: str, address: str) -> bytes:
    """A header of one address with the name of whose it is. The address is as `wire_address` gives it."""
    shown = _phrase(name, one_line(display_name))
    if not shown:
        return _line(name, address)
    last = len(shown.rpartition("\r\n")[2]) + (0 if "\r\n" in shown else len(name) + 2)
    between = " " if last + len(address) + 3 <= _WIDTH else "\r\n "
    return _line(name, f"{shown}{between}<{address}>")


def parts_line(name: str, parts: Sequence[str], separator: str = "") -> bytes:
    """A header of several parts that must not be broken, each on a line of its own; they are ours, and ASCII."""
    return _line(name, f"{separator}\r\n ".join(parts))


def _line(name: str, value: str) -> bytes:
    return f"{name}: {value}\r\n".encode()


def _encoded(name: str, text: str) -> str:
    """As it is if it can be; else, and where it looks like encoded words, as encoded words (RFC 2047)."""
    bare = text.isascii() and "=?" not in text and all(len(word) <= _LONGEST_WORD for word in text.split())
    if bare and len(name) + 2 + len(text) <= _WIDTH:
        return text
    charset = "us-ascii" if bare else "utf-8"
    return Header(text, charset, maxlinelen=_WIDTH, header_name=name).encode(linesep="\r\n")


def _phrase(name: str, text: str) -> str:
    if not text.isascii() or "=?" in text or len(text) > _LONGEST_WORD:
        return Header(text, "utf-8", maxlinelen=_WIDTH, header_name=name).encode(linesep="\r\n")
    if _ATOMS.fullmatch(text):
        return text
    return '"' + re.sub(r'(["\\])', r"\\\1", text) + '"'

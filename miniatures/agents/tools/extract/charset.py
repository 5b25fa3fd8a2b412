"""Bytes to text, although servers and pages are often wrong about their own encoding."""

from __future__ import annotations

import codecs
import re

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_HEADER = re.compile(r"charset\s*+=\s*+[\"']?\s*+([A-Za-z0-9._:-]+)", re.IGNORECASE)
_META = re.compile(
    rb"<(?:meta|\?xml)\b[^>]{0,300}?(?:charset|encoding)\s*+=\s*+[\"']?\s*+([A-Za-z0-9._:-]+)", re.IGNORECASE
)
_NOT_FOR_PAGES = frozenset(
    {"utf-7", "unicode_escape", "raw_unicode_escape", "idna", "punycode", "undefined", "mbcs"}
    | {"utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"}  # known by their mark, else not at all
)
_LABELS = {"windows-874": "cp874", "x-windows-874": "cp874"}
"""Labels of the WHATWG Encoding standard that Python has no alias for."""
_HEAD_BYTES = 4_096
_SAMPLE_BYTES = 50_000


def decode(body: bytes, content_type: str = "") -> str:
    """The text, by the first of: byte order mark, UTF-8 that is really there, header, meta element, a guess.

    UTF-8 goes before the header because text that happens to be valid UTF-8 beyond ASCII is never anything else in
    practice, while headers that claim another encoding for it are common. A few bytes that were pasted into it from
    another encoding change nothing. Bytes that fit nothing become U+FFFD.
    """
    for mark, encoding in _BYTE_ORDER_MARKS:
        if body.startswith(mark):
            return body[len(mark) :].decode(encoding, "replace")
    if (text := _nearly_utf8(body)) is not None:
        return text
    stated = [_codec(label) for label in (_in_header(content_type), _in_page(body)) if label]
    for encoding in filter(None, stated):
        try:
            return body.decode(encoding, "replace" if encoding == "cp1252" else "strict")  # browsers know no gap in it
        except UnicodeDecodeError:
            continue
    return body.decode(_guess(body), "replace")


def _nearly_utf8(body: bytes) -> str | None:
    """The text if most of what is not ASCII is UTF-8; by chance, text in another encoding never is."""
    if body.isascii():
        return None
    text = body.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    beyond_ascii = len(text) - len(text.encode("ascii", "ignore"))
    return text if 2 * broken <= beyond_ascii - broken else None


def _in_header(content_type: str) -> str:
    found = _HEADER.search(content_type)
    return found.group(1) if found else ""


def _in_page(body: bytes) -> str:
    found = _META.search(body[:_HEAD_BYTES])
    return found.group(1).decode("ascii") if found else ""


def _codec(label: str) -> str | None:
    """Python's codec for a label as browsers read it: Latin-1 and ASCII stand for cp1252 (WHATWG Encoding)."""
    try:
        codec = codecs.lookup(_LABELS.get(label.lower(), label))
    except (LookupError, ValueError):
        return None
    if codec.name in _NOT_FOR_PAGES or not codec._is_text_encoding:
        return None
    return "cp1252" if codec.name in ("iso8859-1", "ascii") else codec.name


def _guess(body: bytes) -> str:
    if body.isascii():
        return "ascii"
    from charset_normalizer import from_bytes

    best = from_bytes(body[:_SAMPLE_BYTES]).best()
    return best.encoding if best is not None else "cp1252"

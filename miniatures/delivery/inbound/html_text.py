"""The text of an HTML mail as a plain one would have it: a line for a line, and `> ` before what is quoted.

Mail programs mark what they quote in ways of their own; that is used here, where it is still known.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_BLOCKS = frozenset(
    {"address", "article", "blockquote", "body", "center", "dd", "div", "dl", "dt", "footer", "h1", "h2", "h3", "h4"}
    | {"h5", "h6", "header", "hr", "li", "main", "ol", "p", "pre", "section", "table", "tbody", "td", "th", "tr", "ul"}
)
_UNSEEN = frozenset({"head", "script", "style", "title", "template", "object", "svg"})
_QUOTING = re.compile(r"\b(gmail_quote|yahoo_quoted|moz-cite-prefix|protonmail_quote|zmail_extra|tutanota_quote)\b")
"""Classes of the elements in which programs put what they quote, or the line above it."""
_QUOTING_IDS = frozenset(
    {"divrplyfwdmsg", "appendonsend", "mail-editor-reference-message-container", "olk_src_body_section"}
)
"""Outlook quotes without an element around it: all that follows such an element is quoted."""
_BORDER = re.compile(r"border-top:\s*solid\s*#(?:e1e1e1|b5c4df)", re.IGNORECASE)
"""The line that Outlook for Windows draws above what it quotes."""
_MOST_DEPTH = 200
_SPACE = re.compile(r"[ \t\n\r\f\u00a0]+")


def html_text(markup: str) -> str:
    """The text; empty if nothing can be read."""
    root = _parsed(markup)
    if root is None:
        return ""
    writer = _Writer()
    writer.element(root, 0)
    return writer.text


def _parsed(markup: str) -> HtmlElement | None:
    from lxml.etree import LxmlError
    from lxml.html import HTMLParser, document_fromstring

    try:
        return document_fromstring(markup.encode("utf-8", "replace"), parser=HTMLParser(encoding="utf-8"))
    except (LxmlError, ValueError):
        return None


class _Writer:
    """Goes through the elements in order."""

    def __init__(self) -> None:
        self._lines = [""]
        self._quoted: list[bool] = [False]
        self._depth = 0
        self._rest_is_quoted = False

    @property
    def text(self) -> str:
        pairs = zip(self._lines, self._quoted, strict=True)
        return "\n".join(f"> {line.strip()}" if quoted else line.strip() for line, quoted in pairs).strip()

    def element(self, node: HtmlElement, depth: int) -> None:
        tag = node.tag if isinstance(node.tag, str) else ""
        if tag and tag not in _UNSEEN and depth < _MOST_DEPTH:
            self._inside(node, tag, depth)
        self._write(node.tail or "")

    def _inside(self, node: HtmlElement, tag: str, depth: int) -> None:
        self._rest_is_quoted |= _begins_quote(node)
        is_quote = tag == "blockquote" or bool(_QUOTING.search(node.get("class") or ""))
        is_block = tag in _BLOCKS
        self._depth += is_quote
        if is_block or is_quote:
            self._break()
        self._write(node.text or "")
        for child in node:
            self.element(child, depth + 1)
        if is_block:
            self._break()
        self._depth -= is_quote
        if tag in ("br", "p") or is_quote:
            self._break(always=True)

    def _write(self, text: str) -> None:
        self._quoted[-1] = self._depth > 0 or self._rest_is_quoted
        told = _SPACE.sub(" ", text)
        self._lines[-1] += told.lstrip() if not self._lines[-1] else told

    def _break(self, *, always: bool = False) -> None:
        if self._lines[-1].strip() or always:
            self._lines.append("")
            self._quoted.append(self._depth > 0 or self._rest_is_quoted)


def _begins_quote(node: HtmlElement) -> bool:
    named = (node.get("id") or "").lower()
    return named in _QUOTING_IDS or bool(_BORDER.search(node.get("style") or ""))

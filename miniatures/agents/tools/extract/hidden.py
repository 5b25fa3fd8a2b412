"""Takes out of a page what its reader does not see: the oldest place to hide an instruction to a machine.

Inline styles, attributes and the page's own style elements are read. Style sheets in other files are not fetched, so
what only they hide stays in; scripts are not run.
"""

from __future__ import annotations

import re

from lxml import etree
from lxml.html import HtmlElement

from miniatures.agents.tools.extract.declarations import hides, squeezed
from miniatures.agents.tools.extract.style_sheets import hidden_by_sheets

_NEVER_SHOWN = frozenset(
    {"script", "style", "template", "noscript", "object", "embed", "iframe", "svg", "math", "audio", "video", "canvas"}
    | {"map", "datalist", "select", "option", "textarea", "input", "noframes", "noembed", "progress", "meter"}
)
_HIDING_ATTRIBUTES = frozenset({"hidden", "popover"})
_DOOMED = "not-shown"
_READER_ONLY_CLASSES = frozenset(
    {"sr-only", "visually-hidden", "visuallyhidden", "screen-reader-text", "screen-reader-only"}
)
_COLOR = re.compile(r"(?:^|;)color:([^;!]+)")
_BACKGROUND = re.compile(r"(?:^|;)background(?:-color)?:([^;!]+)")
_PICTURE = re.compile(r"(?:^|;)background-image:[^;]*(?:url|gradient)\(")
_NAMED_COLORS = {"white": "ffffff", "black": "000000", "snow": "fffafa", "ghostwhite": "f8f8ff", "ivory": "fffff0"}
_WHITE = "ffffff"


def drop_hidden(root: HtmlElement) -> None:
    """Remove, in place, each element that is not shown. Text that follows a removed element stays."""
    by_sheets = hidden_by_sheets(root)
    papers: dict[HtmlElement | None, str] = {None: _WHITE if _is_unstyled(root) else ""}
    doomed = [element for element in root.iter("*") if _is_hidden(element, by_sheets, papers)]
    for element in doomed:
        element.tag = _DOOMED
    etree.strip_elements(root, _DOOMED, etree.Comment, etree.ProcessingInstruction, etree.Entity, with_tail=False)


def _is_hidden(element: HtmlElement, by_sheets: set[HtmlElement], papers: dict[HtmlElement | None, str]) -> bool:
    style = squeezed(element.get("style", ""))
    inked_out = _is_inked_out(element, style, papers)
    if element.tag in ("html", "body"):
        return False
    return element.tag in _NEVER_SHOWN or inked_out or element in by_sheets or _says_hidden(element, style)


def _says_hidden(element: HtmlElement, style: str) -> bool:
    if not _HIDING_ATTRIBUTES.isdisjoint(element.attrib) or element.get("aria-hidden", "").strip().lower() == "true":
        return True
    if element.tag == "dialog" and "open" not in element.attrib:
        return True
    return not _READER_ONLY_CLASSES.isdisjoint(element.get("class", "").split()) or bool(style and hides(style))


def _is_inked_out(element: HtmlElement, style: str, papers: dict[HtmlElement | None, str]) -> bool:
    """Whether the element's own color is that of what it stands on, as far as inline styles tell.

    `papers` holds the background of each element so far, in document order, so a parent's is always known.
    """
    background = _BACKGROUND.search(style)
    pictured = "background" in element.attrib or _PICTURE.search(style)
    stated = background.group(1) if background else element.get("bgcolor", "")
    paper = _hex(stated) if stated or pictured else papers.get(element.getparent(), papers[None])
    papers[element] = paper
    found = _COLOR.search(style)
    color = _hex(found.group(1) if found else element.get("color", ""))
    return bool(color) and color == paper


def _hex(color: str) -> str:
    """A color as six hexadecimal digits; empty if it is written in a way not known here."""
    color = _NAMED_COLORS.get(color.strip().lower(), color.strip().lower())
    if numbers := re.fullmatch(r"rgba?\((\d{1,3}),(\d{1,3}),(\d{1,3})(?:,1(?:\.0+)?)?\)", color):
        return "".join(f"{min(int(number), 255):02x}" for number in numbers.groups())
    digits = color.removeprefix("#")
    if re.fullmatch(r"[0-9a-f]{3}", digits):
        return "".join(digit * 2 for digit in digits)
    return digits if re.fullmatch(r"[0-9a-f]{6}", digits) else ""


def _is_unstyled(root: HtmlElement) -> bool:
    """Whether the paper is surely white: no style sheet elsewhere, and none here that sets a background."""
    if any("stylesheet" in link.get("rel", "").lower() for link in root.iter("link")):
        return False
    return not any("background" in style.text_content() for style in root.iter("style"))

"""Takes out of a page what its reader does not see: the oldest place to hide an instruction to a machine.

Inline styles, attributes and the page's own style elements are read. Style sheets in other files are not fetched, so
what only they hide stays in; scripts are not run.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from lxml.html import HtmlElement

_NEVER_SHOWN = frozenset(
    {"script", "style", "template", "noscript", "object", "embed", "iframe", "svg", "math", "audio", "video", "canvas"}
    | {"map", "datalist", "select", "option", "textarea", "input"}
)
_DECLARATIONS_THAT_HIDE = re.compile(
    r"display:none|visibility:(?:hidden|collapse)|content-visibility:hidden|mso-hide:all"
    r"|(?<!-)opacity:0*(?:\.0*)?%?(?:[;!]|$)|font-size:0*(?:\.0*)?(?:px|pt|r?em|%|v[wh])?(?:[;!]|$)"
    r"|font-size:(?:[01]|0?\.\d+)(?:\.\d+)?(?:px|pt)"
    r"|(?:left|right|top|bottom|text-indent|margin-left|margin-top):-\d{3,}|clip:rect\(0|clip:rect\(1px,1px"
    r"|clip-path:(?:inset\((?:50|100)%|circle\(0)|transform:(?:scale\(0\)|translate[xy]?\(-\d{4,})"
    r"|filter:opacity\(0|(?:^|;)color:(?:transparent|rgba\([\d,.]+,0(?:\.0+)?\))"
)
_NO_SIZE = re.compile(r"(?:^|;)(?:max-)?(?:height|width):[01](?:px|em|rem|%)?(?:[;!]|$)")
_READER_ONLY_CLASSES = frozenset(
    {"sr-only", "visually-hidden", "visuallyhidden", "screen-reader-text", "screen-reader-only"}
)
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_SIMPLE_SELECTOR = re.compile(r"^[a-z0-9]*(?:\.([\w-]+)|#([\w-]+))$", re.IGNORECASE)
_COLOR = re.compile(r"(?:^|;)color:([^;!]+)")
_BACKGROUND = re.compile(r"(?:^|;)background(?:-color)?:([^;!]+)")
_NAMED_COLORS = {"white": "ffffff", "black": "000000", "snow": "fffafa", "ghostwhite": "f8f8ff", "ivory": "fffff0"}
_WHITE = "ffffff"


def drop_hidden(root: HtmlElement) -> None:
    """Remove, in place, each element that is not shown. Text that follows a removed element stays."""
    names = _hidden_names(style.text_content() for style in root.iter("style"))
    papers: dict[HtmlElement | None, str] = {None: _WHITE if _is_unstyled(root) else ""}
    doomed = [element for element in root.iter() if _is_hidden(element, names, papers)]
    for element in doomed:
        if element.getparent() is not None:
            element.drop_tree()


def _is_hidden(element: HtmlElement, names: frozenset[str], papers: dict[HtmlElement | None, str]) -> bool:
    if not isinstance(element.tag, str):  # a comment or processing instruction
        return True
    style = _squeezed(element.get("style", ""))
    inked_out = _is_inked_out(element, style, papers)
    if element.tag in ("html", "body"):
        return False
    return element.tag in _NEVER_SHOWN or inked_out or _says_hidden(element, style) or _is_named(element, names)


def _says_hidden(element: HtmlElement, style: str) -> bool:
    if "hidden" in element.attrib or element.get("aria-hidden", "").strip().lower() == "true":
        return True
    if element.tag == "dialog" and "open" not in element.attrib:
        return True
    return bool(style) and hides(style)


def hides(style: str) -> bool:
    """Whether declarations, in lower case and without spaces, make what they apply to invisible."""
    return bool(_DECLARATIONS_THAT_HIDE.search(style) or ("overflow:hidden" in style and _NO_SIZE.search(style)))


def _is_named(element: HtmlElement, names: frozenset[str]) -> bool:
    classes = element.get("class", "").split()
    if not _READER_ONLY_CLASSES.isdisjoint(classes):
        return True
    return bool(names) and (f"#{element.get('id')}" in names or any(f".{name}" in names for name in classes))


def _hidden_names(sheets: Iterable[str]) -> frozenset[str]:
    """Classes and ids that the page's own style elements hide; rules inside @media and the like do not count."""
    names = set()
    for sheet in sheets:
        for rule in _without_at_blocks(_COMMENT.sub("", sheet)).split("}"):
            selectors, _, declarations = rule.partition("{")
            if hides(_squeezed(declarations)):
                names |= {_name(selector) for selector in selectors.split(",")}
    return frozenset(names - {""})


def _name(selector: str) -> str:
    found = _SIMPLE_SELECTOR.match(selector.strip())
    if not found:
        return ""
    return f".{found.group(1)}" if found.group(1) else f"#{found.group(2)}"


def _without_at_blocks(sheet: str) -> str:
    kept, depth, in_block = [], 0, False
    for piece in re.split(r"(@[\w-]+[^{};]*|[{}])", sheet):
        if depth == 0 and piece.startswith("@"):
            in_block = True
        elif piece == "{":
            depth += 1
        elif piece == "}":
            depth -= 1
        if not in_block:
            kept.append(piece)
        if in_block and ((piece == "}" and depth <= 0) or (depth == 0 and ";" in piece)):
            in_block, depth = False, 0
    return "".join(kept)


def _is_inked_out(element: HtmlElement, style: str, papers: dict[HtmlElement | None, str]) -> bool:
    """Whether the element's own color is that of what it stands on, as far as inline styles tell.

    `papers` holds the background of each element so far, in document order, so a parent's is always known.
    """
    background = _BACKGROUND.search(style)
    stated = background.group(1) if background else element.get("bgcolor", "")
    paper = _hex(stated) if stated else papers.get(element.getparent(), papers[None])
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


def _squeezed(style: str) -> str:
    return re.sub(r"\s+", "", style).lower()

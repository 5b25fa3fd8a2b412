"""Whether CSS declarations make what they apply to invisible, however they are spelled.

Of several for one property the last that a browser would understand counts, and an important one before all others.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from miniatures.checks.word_list import word_set

_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_ESCAPE = re.compile(r"\\(?:([0-9a-fA-F]{1,6})\s?|(.))", re.DOTALL)
_SPACE = re.compile(r"\s+")
_END = r"(?:[;!]|$)"
_ZERO = r"0*(?:\.0*)?(?:px|pt|r?em|ex|ch|%|v[wh])?"
_HIDE = re.compile(
    r"display:none|visibility:(?:hidden|collapse)|content-visibility:hidden|mso-hide:all"
    rf"|(?<!-)opacity:(?:-|0*(?:\.0\d*)?%?{_END}|[\d.]+e-)|font-size:(?:calc\()?{_ZERO}\)?{_END}"
    r"|font-size:(?:[01]|0?\.\d+)(?:\.\d+)?(?:px|pt)"
    rf"|(?:^|;)font:{_ZERO}/|(?<![\w-])(?:scale|zoom):{_ZERO}{_END}"
    r"|(?<![\w-])(?:left|right|top|bottom|text-indent):-(?:\d{4,}|999|\d{3}(?![\dp]))"
    r"|margin-(?:left|top):-(?:\d{4,}|999|\d{3}(?![\dp%]))|clip:rect\(0|clip:rect\(1px,1px"
    r"|clip-path:(?:inset\((?:50|100)%|circle\(0)|transform:(?:scale[xy]?\(0[,)]|translate[xy]?\(-\d{4,})"
    r"|filter:opacity\(0|(?:^|;)color:(?:(?:rgb|hsl)a?\((?:(?:[^(),/]*,){3}|[^()/]*/)(?:0(?:\.0*)?|\.0+)%?\)"
    rf"|#(?:[0-9a-f]{{3}}0|[0-9a-f]{{6}}00){_END})"
)
_NO_SIZE = re.compile(rf"(?:^|;)(?:max-)?(?:height|width):(?:0[a-z%]*|1px){_END}")
_NO_COLOR = re.compile(r"(?:^|;)color:transparent")
_PAINTED = re.compile(r"background-clip:text")
_PAINT = re.compile(r"background(?:-image)?:[^;]*(?:gradient\(|url\()")

_EVERYWHERE = r"initial|inherit|unset|revert(?:-layer)?|(?:var|calc|min|max|clamp)\(.*"
_MEASURE = r"auto|none|normal|[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?(?:[a-z]+|%)?"
_FUNCTION = (
    r"(?:rect|inset|circle|ellipse|polygon|path|(?:scale|translate|rotate|skew|matrix)(?:[xyz]|3d)?|opacity)\(.*"
)
_UNDERSTOOD = {
    "display": r"none|contents|inline|(?:inline-)?(?:block|flex|grid|table)|flow-root|list-item|table-[a-z-]+"
    r"|-webkit-(?:inline-)?(?:box|flex)",
    "visibility": r"visible|hidden|collapse",
    "content-visibility": r"visible|auto|hidden",
    "font-size": rf"{_MEASURE}|(?:x{{1,3}}-)?(?:small|large)|medium|smaller|larger",
    "color": r"transparent|currentcolor|black|white|(?:dark|light|dim)?gr[ae]y|silver|red|blue|green|navy"
    r"|#[0-9a-f]{3,8}|(?:rgb|hsl)a?\(.*|(?:hwb|lab|lch|oklab|oklch|color|color-mix|light-dark)\(.*",
    "font": r".*\d.*",
    "overflow": r"(?:visible|hidden|clip|scroll|auto)+",
    "mso-hide": r"all",
}
_MEASURED = word_set(
    """
    opacity scale zoom left right top bottom text-indent margin-left margin-top height max-height width max-width
    clip clip-path transform filter
    """
)
_PAINTS = frozenset({"background", "background-image", "background-clip", "-webkit-background-clip"})
_VALUES = {
    name: re.compile(rf"{values}|{_EVERYWHERE}")
    for name, values in (_UNDERSTOOD | dict.fromkeys(_MEASURED, rf"{_MEASURE}|{_FUNCTION}")).items()
} | dict.fromkeys(_PAINTS, re.compile(".+"))
"""What a browser understands as the value of each property that has to do with whether something is seen."""


class Declaration(NamedTuple):
    """One that has to do with whether something is seen, squeezed."""

    name: str
    value: str
    is_important: bool


def declared(declarations: str) -> Iterator[Declaration]:
    """Those that have to do with whether something is seen, and that a browser would understand."""
    for declaration in squeezed(declarations).split(";"):
        name, _, stated = declaration.partition(":")
        value, mark, _ = stated.partition("!")
        known = _VALUES.get(name)
        if known and known.fullmatch(value):
            yield Declaration(name, value, bool(mark))


def hides(declarations: str) -> bool:
    """Whether declarations make what they apply to invisible."""
    style = squeezed(declarations)
    return _is_unseen(style) and hidden_by(declared(style))


def hidden_by(declarations: Iterable[Declaration]) -> bool:
    """As `hides`, of declarations in the order in which each overrides those before it."""
    values = {one.name: one.value for one in sorted(declarations, key=lambda one: one.is_important)}
    return _is_unseen(";".join(f"{name}:{value}" for name, value in values.items()))


def _is_unseen(style: str) -> bool:
    if _HIDE.search(style) or ("overflow:hidden" in style and _NO_SIZE.search(style)):
        return True
    is_painted = _PAINTED.search(style) and _PAINT.search(style)  # such as a heading in a gradient
    return bool(_NO_COLOR.search(style)) and not is_painted


def squeezed(declarations: str) -> str:
    """Declarations in lower case, without spaces and comments, escapes undone: the one spelling that patterns know."""
    if not declarations:
        return ""
    if "/*" in declarations:
        declarations = _COMMENT.sub("", declarations)
    if "\\" in declarations:
        declarations = _ESCAPE.sub(_unescaped, declarations)
    return _SPACE.sub("", declarations).lower()


def _unescaped(escape: re.Match[str]) -> str:
    if not escape[1]:
        return escape[2] or ""
    number = int(escape[1], 16)
    return chr(number) if 0 < number <= 0x10FFFF else "\ufffd"

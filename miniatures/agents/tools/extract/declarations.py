"""Whether CSS declarations make what they apply to invisible, however they are spelled."""

from __future__ import annotations

import re

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
    r"|(?:left|right|top|bottom|text-indent|margin-left|margin-top):-\d{3,}|clip:rect\(0|clip:rect\(1px,1px"
    r"|clip-path:(?:inset\((?:50|100)%|circle\(0)|transform:(?:scale[xy]?\(0[,)]|translate[xy]?\(-\d{4,})"
    r"|filter:opacity\(0|(?:^|;)color:(?:transparent|(?:rgb|hsl)a?\((?:(?:[^(),/]*,){3}|[^()/]*/)(?:0(?:\.0*)?|\.0+)%?\)"
    rf"|#(?:[0-9a-f]{{3}}0|[0-9a-f]{{6}}00){_END})"
)
_NO_SIZE = re.compile(rf"(?:^|;)(?:max-)?(?:height|width):[01](?:px|em|rem|%)?{_END}")


def hides(declarations: str) -> bool:
    """Whether declarations make what they apply to invisible."""
    style = squeezed(declarations)
    return bool(_HIDE.search(style) or ("overflow:hidden" in style and _NO_SIZE.search(style)))


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

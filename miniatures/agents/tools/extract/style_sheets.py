"""What a page's own style elements hide: the selectors of those rules that an ordinary reader's screen would apply."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING

from lxml import etree
from lxml.html import HtmlElement

from miniatures.agents.tools.extract.declarations import hides

if TYPE_CHECKING:
    from cssselect import Selector

_COMMENT_OR_STRING = re.compile(
    r"""/\*.*?(?:\*/|\Z)|"(?:[^"\\\n]|\\.)*+(?:"|$)|'(?:[^'\\\n]|\\.)*+(?:'|$)""", re.DOTALL | re.MULTILINE
)
_UP_TO_BRACE = re.compile(r"([^{}]*+)([{}]|\Z)")
_NAME = re.compile(r"[.#]([\w-]+)")
_MEDIA_TYPE = re.compile(r"(?:only\s+)?(all|screen)\b|not\s+(?:print|speech)\b")
_FEATURE = re.compile(r"\(\s*([^()]*?)\s*\)")
_WIDTH = re.compile(r"(min|max)-width\s*:\s*(\d*\.?\d+)(px|r?em)?")
_SCREEN_PX, _EM_PX = 1280.0, 16.0
_SATISFIED = frozenset(
    {"color", "hover", "hover:hover", "any-hover:hover", "pointer:fine", "any-pointer:fine", "orientation:landscape"}
    | {"scripting:enabled", "prefers-color-scheme:light", "prefers-reduced-motion:no-preference", "update:fast"}
)
_LONGEST_SELECTOR = 500


def hidden_by_sheets(root: HtmlElement) -> set[HtmlElement]:
    """The elements that the page's style elements hide, apart from what only shows below hidden ones."""
    sheets = [sheet for sheet in root.xpath("//style[not(ancestor::noscript)]") if _applies(sheet.get("media", ""))]
    selectors = dict.fromkeys(found for sheet in sheets for found in hiding_selectors(sheet.text_content()))
    if not selectors:
        return set()
    names = {name for value in root.xpath("//@class | //@id") for name in value.split()}
    possible = [selector for selector in selectors if _may_match(selector, names)]
    return {element for selector in possible for find in _compiled(selector) for element in find(root)}


def hiding_selectors(sheet: str) -> Iterator[str]:
    """The selector lists of the rules that hide what they match; of nested rules with those around them."""
    around: list[str | None] = [""]
    for piece in _UP_TO_BRACE.finditer(_COMMENT_OR_STRING.sub(_without_braces, sheet)):
        declarations, _, prelude = piece[1].rpartition(";") if piece[2] == "{" else (piece[1], "", "")
        here = around[-1]
        if here and hides(declarations):
            yield here
        if piece[2] == "{":
            around.append(_within(here, prelude.strip()))
        elif len(around) > 1:
            around.pop()


def _without_braces(found: re.Match[str]) -> str:
    """Nothing for a comment; a string stays unless it could be taken for the end of a rule."""
    if found[0].startswith("/*"):
        return " "
    return '""' if "{" in found[0] or "}" in found[0] or ";" in found[0] else found[0]


def _within(around: str | None, prelude: str) -> str | None:
    """What a rule applies to, given what is around it; None where it does not apply at all."""
    if around is None:
        return None
    if prelude.startswith("@"):
        return around if _is_in_force(prelude) else None
    if not around:
        return prelude
    inner = prelude if "&" in prelude else f"& {prelude}"
    return inner.replace("&", f":is({around})") if len(around) + len(inner) < _LONGEST_SELECTOR else None


def _is_in_force(prelude: str) -> bool:
    """Whether the rules inside an at-rule apply."""
    name, _, condition = prelude.lower().partition(" ") if " " in prelude else prelude.lower().partition("(")
    match name:
        case "@media":
            return _applies(prelude[len("@media") :])
        case "@layer":
            return True
        case "@supports":
            return not condition.lstrip("( ").startswith("not")
    return False


def _applies(media: str) -> bool:
    """Whether a list of media queries holds for a reader at a screen of ordinary size."""
    return any(map(_holds, media.lower().split(",")))


def _holds(query: str) -> bool:
    query = query.strip()
    features = _FEATURE.findall(query)
    kind = query[: query.index("(")] if features else query
    if kind.strip() and not _MEDIA_TYPE.match(kind):
        return False
    return " or " in query or all(map(_is_satisfied, features))


def _is_satisfied(feature: str) -> bool:
    if found := _WIDTH.fullmatch(feature):
        width = float(found[2]) * (_EM_PX if found[3] and found[3].endswith("em") else 1.0)
        return width <= _SCREEN_PX if found[1] == "min" else width >= _SCREEN_PX
    return re.sub(r"\s", "", feature) in _SATISFIED


def _may_match(selector: str, names: set[str]) -> bool:
    """Whether the page has the classes and ids of a selector in the list, as far as that can be told at a glance."""
    if ":" in selector or "\\" in selector or "[" in selector:
        return True
    return any(names.issuperset(_NAME.findall(one)) for one in selector.split(","))


@lru_cache(maxsize=4_096)
def _compiled(selectors: str) -> tuple[etree.XPath, ...]:
    """The XPath of each selector in a list that is about elements and written in a way known here."""
    from cssselect import SelectorSyntaxError, parse

    if len(selectors) > _LONGEST_SELECTOR:
        return ()
    try:
        return tuple(path for one in parse(selectors) for path in _path(one))
    except SelectorSyntaxError:
        pieces = selectors.split(",") if "," in selectors else ()
        return tuple(path for piece in pieces for path in _compiled(piece))


def _path(selector: Selector) -> Iterator[etree.XPath]:
    from cssselect import ExpressionError, HTMLTranslator

    if selector.pseudo_element is None:
        with suppress(ExpressionError, etree.XPathError, ValueError):
            yield etree.XPath(HTMLTranslator().selector_to_xpath(selector))

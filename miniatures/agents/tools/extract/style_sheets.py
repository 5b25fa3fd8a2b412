"""What a page's own style elements hide from an ordinary reader's screen, where no other rule shows it again."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import lru_cache
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from lxml import etree
from lxml.html import HtmlElement

from miniatures.agents.tools.extract.declarations import Declaration, declared, hidden_by

if TYPE_CHECKING:
    from cssselect import Selector

Specificity = tuple[int, int, int]
Matches = tuple[tuple[HtmlElement, Specificity], ...]

_COMMENT_OR_STRING = re.compile(
    r"""/\*.*?(?:\*/|\Z)|"(?:[^"\\\n]|\\.)*+(?:"|$)|'(?:[^'\\\n]|\\.)*+(?:'|$)""", re.DOTALL | re.MULTILINE
)
_UP_TO_BRACE = re.compile(r"([^{}]*+)([{}]|\Z)")
_NAME = re.compile(r"[.#]([\w-]+)")
_MEDIA_TYPE = re.compile(r"(?:only\s+)?(all|screen)\b|not\s+(?:print|speech)\b")
_FEATURE = re.compile(r"\(\s*([^()]*?)\s*\)")
_WIDTH = re.compile(r"(?:(min|max)-width\s*:|width\s*([<>])=?)\s*(\d*\.?\d+)(px|r?em)?")
_SCREEN_PX, _EM_PX = 1280.0, 16.0
_SATISFIED = frozenset(
    {"color", "hover", "hover:hover", "any-hover:hover", "pointer:fine", "any-pointer:fine", "orientation:landscape"}
    | {"scripting:enabled", "prefers-color-scheme:light", "prefers-reduced-motion:no-preference", "update:fast"}
)
_DOUBTFUL = re.compile(r"@supports|@media\b.*\bor\b", re.IGNORECASE | re.DOTALL)
_LONGEST_SELECTOR = 500


class _Place(NamedTuple):
    """What the rules somewhere in a sheet apply to, if anything; where that is not sure, they hide but show nothing."""

    selectors: str | None
    is_sure: bool


class Rule(NamedTuple):
    """A selector list, and what it declares about whether something is seen."""

    selectors: str
    declarations: tuple[Declaration, ...]


def hidden_by_sheets(root: HtmlElement) -> set[HtmlElement]:
    """The elements that the page's style elements hide, apart from what only shows below hidden ones."""
    sheets = [sheet for sheet in root.xpath("//style[not(ancestor::noscript)]") if _applies(sheet.get("media", ""))]
    rules = [rule for sheet in sheets for rule in rules_of(sheet.text_content())]
    hiding = {rule for rule in rules if hidden_by(rule.declarations)}
    if not hiding:
        return set()
    names = {name for value in root.xpath("//@class | //@id") for name in value.split()}
    matches = {rule: tuple(_matches(rule, root, names)) for rule in hiding}
    hidden = {element for found in matches.values() for element, _ in found}
    if not hidden:
        return set()
    matches |= {rule: tuple(_matches(rule, root, names)) for rule in set(rules) - hiding}
    return {element for element, style in _cascaded(hidden, rules, matches).items() if hidden_by(style)}


def _cascaded(
    elements: set[HtmlElement], rules: list[Rule], matches: Mapping[Rule, Matches]
) -> dict[HtmlElement, list[Declaration]]:
    """What the sheets and its own style declare for each element, the weaker first."""
    found: dict[HtmlElement, list[tuple[Specificity, Declaration]]] = {element: [] for element in elements}
    for rule in rules:
        for element, specificity in matches[rule]:
            if element in found:
                found[element] += ((specificity, declaration) for declaration in rule.declarations)
    return {
        element: [one for _, one in sorted(stated, key=itemgetter(0))] + list(declared(element.get("style", "")))
        for element, stated in found.items()
    }


def _matches(rule: Rule, root: HtmlElement, names: set[str]) -> Iterator[tuple[HtmlElement, Specificity]]:
    if _may_match(rule.selectors, names):
        for find, specificity in _compiled(rule.selectors):
            yield from ((element, specificity) for element in find(root))


def rules_of(sheet: str) -> Iterator[Rule]:
    """The rules that apply and have to do with whether something is seen; of nested ones with those around them."""
    around = [_Place("", True)]
    for piece in _UP_TO_BRACE.finditer(_COMMENT_OR_STRING.sub(_without_braces, sheet)):
        declarations, _, prelude = piece[1].rpartition(";") if piece[2] == "{" else (piece[1], "", "")
        here = around[-1]
        telling = tuple(declared(declarations)) if here.selectors else ()
        if here.selectors and telling and (here.is_sure or hidden_by(telling)):
            yield Rule(here.selectors, telling)
        if piece[2] == "{":
            around.append(_within(here, prelude.strip()))
        elif len(around) > 1:
            around.pop()


def _without_braces(found: re.Match[str]) -> str:
    """Nothing for a comment; a string stays unless it could be taken for the end of a rule."""
    if found[0].startswith("/*"):
        return " "
    return '""' if "{" in found[0] or "}" in found[0] or ";" in found[0] else found[0]


def _within(around: _Place, prelude: str) -> _Place:
    """What a rule applies to, given what is around it."""
    if around.selectors is None:
        return around
    if prelude.startswith("@"):
        is_sure = around.is_sure and not _DOUBTFUL.match(prelude)
        return _Place(around.selectors if _is_in_force(prelude) else None, is_sure)
    if not around.selectors:
        return _Place(prelude, around.is_sure)
    inner = prelude if "&" in prelude else f"& {prelude}"
    is_short = len(around.selectors) + len(inner) < _LONGEST_SELECTOR
    return _Place(inner.replace("&", f":is({around.selectors})") if is_short else None, around.is_sure)


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
        width = float(found[3]) * (_EM_PX if found[4] and found[4].endswith("em") else 1.0)
        return width <= _SCREEN_PX if found[1] == "min" or found[2] == ">" else width >= _SCREEN_PX
    return re.sub(r"\s", "", feature) in _SATISFIED


def _may_match(selector: str, names: set[str]) -> bool:
    """Whether the page has the classes and ids of a selector in the list, as far as that can be told at a glance."""
    if ":" in selector or "\\" in selector or "[" in selector:
        return True
    return any(names.issuperset(_NAME.findall(one)) for one in selector.split(","))


@lru_cache(maxsize=4_096)
def _compiled(selectors: str) -> tuple[tuple[etree.XPath, Specificity], ...]:
    """The XPath of each selector in a list that is about elements and written in a way known here, and its weight."""
    from cssselect import SelectorSyntaxError, parse

    if len(selectors) > _LONGEST_SELECTOR:
        return ()
    try:
        return tuple(path for one in parse(selectors) for path in _path(one))
    except SelectorSyntaxError:
        pieces = selectors.split(",") if "," in selectors else ()
        return tuple(path for piece in pieces for path in _compiled(piece))


def _path(selector: Selector) -> Iterator[tuple[etree.XPath, Specificity]]:
    from cssselect import ExpressionError, HTMLTranslator

    if selector.pseudo_element is None:
        with suppress(ExpressionError, etree.XPathError, ValueError):
            yield etree.XPath(HTMLTranslator().selector_to_xpath(selector)), selector.specificity()

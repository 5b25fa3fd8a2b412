"""The main text of an HTML page, without navigation, boilerplate and whatever is not shown."""

from __future__ import annotations

import re
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime

from lxml import etree
from lxml.html import HtmlElement, HTMLParser, document_fromstring

from miniatures.agents.tools.extract.clean import clean_line, clean_text
from miniatures.agents.tools.extract.hidden import drop_hidden
from miniatures.agents.tools.extract.links import same_host_links
from miniatures.agents.tools.extract.published import published_at
from miniatures.agents.tools.fetching import FetchProblem, FetchStatus

MAX_ELEMENTS = 30_000
"""A page with more is refused: extraction time grows faster than its size."""

MAX_ATTRIBUTES = 500
"""A page with more on one element is refused: each is compared with all before it."""

_MOST_COMPARED = 5_000
"""Elements of a page from which trafilatura is not asked to try other extractors, too: their time grows squarely."""
_FEWEST_WORDS = 8
_FEWEST_WORDS_OF_PART = 60
_CHROME = ("nav", "aside", "button", "menu")
_CHROME_OF_PAGES = ("header", "footer")
_SECTIONS = ("article", "section", "main")
"""What has headers and footers of its own, as HTML says; elsewhere they are the page's."""
_CHROME_ROLES = frozenset({"navigation", "banner", "contentinfo", "search", "complementary", "menu"})
_BLOCKS = frozenset(
    {"address", "article", "blockquote", "body", "br", "caption", "center", "dd", "details", "div", "dl", "dt"}
    | {"fieldset", "figcaption", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "legend", "li", "main", "ol", "p"}
    | {"pre", "section", "summary", "table", "tbody", "tfoot", "thead", "tr", "ul"}
)
_WORD = re.compile(r"\w+")
_SPACE = re.compile(r"\s+")
_LAYOUT_PARTS = frozenset({"table", "div", "h1", "h2", "h3", "ul", "ol", "hr", "form"})
_APP_ROOTS = ("root", "app", "__next", "__nuxt", "___gatsby", "svelte", "application", "react-root", "main-app")
_WANTS_SCRIPT = re.compile(
    r"(enable|turn on|requires?|need|without)\b.{0,40}\bjavascript"
    r"|javascript\b.{0,40}\b(is )?(required|disabled|enabled)",
    re.I | re.S,
)


@dataclass(frozen=True)
class HtmlText:
    """What a page says."""

    title: str
    text: str
    published: datetime | None
    links: tuple[str, ...] = field(default=())


def read_html(markup: str, url: str) -> HtmlText:
    """Title, main text (one paragraph a line), stated date and same-host links of a page.

    Raises:
        FetchProblem: it is empty, needs a browser, is too large to read, or is no HTML.
    """
    root = _parse(markup)
    published, title = published_at(root), _title(root)
    shell = _shell_of(root)
    drop_hidden(root)
    _unwrap_layout_tables(root)
    links = same_host_links(root, url)
    text = _main_text(root, url)
    if len(text.split()) < _FEWEST_WORDS and shell:
        raise FetchProblem(FetchStatus.NEEDS_BROWSER, shell)
    if not text:
        raise FetchProblem(FetchStatus.EMPTY, "the page shows no text")
    return HtmlText(title, text, published, links)


def _parse(markup: str) -> HtmlElement:
    content = markup.replace("\x00", "").encode("utf-8", "replace")
    if not content.strip():
        raise FetchProblem(FetchStatus.EMPTY, "the page is empty")
    try:
        root = document_fromstring(content, parser=HTMLParser(encoding="utf-8", collect_ids=False))
    except (etree.LxmlError, ValueError, AssertionError) as error:
        raise FetchProblem(FetchStatus.EMPTY, f"the page holds no element: {error}") from error
    if (count := _count(root)) > MAX_ELEMENTS:
        raise FetchProblem(FetchStatus.TOO_LARGE, f"{count} elements, more than {MAX_ELEMENTS}")
    if root.xpath(f"boolean(//*[@*[{MAX_ATTRIBUTES + 1}]])"):
        raise FetchProblem(FetchStatus.TOO_LARGE, f"an element with more than {MAX_ATTRIBUTES} attributes")
    return root


def _count(root: HtmlElement) -> int:
    return sum(1 for _ in root.iter())


def _unwrap_layout_tables(root: HtmlElement) -> None:
    """Turn tables that only arrange the page into blocks; those that hold data stay tables."""
    arranging = {_cell_table(element) for element in root.iter(*_LAYOUT_PARTS)}
    for table in [table for table in root.iter("table") if table in arranging or table.get("role") == "presentation"]:
        sections = [table, *(part for part in table if part.tag in ("tbody", "thead", "tfoot"))]
        rows = [row for section in sections for row in section if row.tag == "tr"]
        cells = [cell for row in rows for cell in row if cell.tag in ("td", "th")]
        for part in (*sections, *rows, *cells):
            part.tag = "div"


def _cell_table(element: HtmlElement) -> HtmlElement | None:
    """The table of the nearest cell around an element, or None outside cells."""
    cell = next((place for place in element.iterancestors() if place.tag in ("td", "th")), None)
    return None if cell is None else next(cell.iterancestors("table"), None)


def _title(root: HtmlElement) -> str:
    stated = root.xpath("//meta[@property='og:title']/@content") + [
        element.text_content() for name in ("title", "h1") for element in root.iter(name)
    ]
    return next(filter(None, map(clean_line, stated)), "")[:300]


def _shell_of(root: HtmlElement) -> str:
    """Why the page would need a browser, if it turns out to show no text; empty if it would not."""
    if root.find(".//script") is None:
        return ""
    if any(_WANTS_SCRIPT.search(element.text_content()) for element in root.iter("noscript")):
        return "the page asks for JavaScript"
    if any((element.get("id") or "").lower() in _APP_ROOTS for element in root.iter("div", "main", "section")):
        return "the page is an empty application shell"
    return "the page shows no text before its scripts run"


def _main_text(root: HtmlElement, url: str) -> str:
    """trafilatura's main text; the whole visible body where that is short or trafilatura finds no main part."""
    from trafilatura import bare_extraction

    whole = clean_text(_visible_text(root))
    if len(whole.split()) < _FEWEST_WORDS:
        return whole
    document = bare_extraction(
        deepcopy(root), url=url, with_metadata=False, include_comments=False, fast=_count(root) > _MOST_COMPARED
    )
    part = clean_text(document.text or "") if document is not None and not isinstance(document, dict) else ""
    if len(part.split()) < min(_FEWEST_WORDS_OF_PART, len(whole.split()) // 2):
        return whole
    chosen = _chosen_lines(part, whole)
    return chosen if len(chosen.split()) > 0.7 * len(part.split()) else part


def _chosen_lines(part: str, whole: str) -> str:
    """Those lines of the whole text that trafilatura chose for its part.

    It is trusted to choose, not to copy: it drops inline elements by their class and breaks short pages at others, and
    a sentence with a hole in it is no quote. A line is chosen if half of its runs of three words stand in the part.
    """
    runs = set(_runs(_WORD.findall(part.lower())))
    lines = {tuple(_WORD.findall(piece)) for line in part.lower().split("\n") for piece in (line, *line.split("|"))}
    return "\n".join(line for line in whole.split("\n") if _is_chosen(_WORD.findall(line.lower()), runs, lines))


def _is_chosen(words: list[str], runs: set[int], lines: set[tuple[str, ...]]) -> bool:
    if tuple(words) in lines:
        return bool(words)
    own = _runs(words)
    return len(own) >= 2 and sum(run in runs for run in own) >= len(own) / 2


def _runs(words: list[str]) -> list[int]:
    return [hash(run) for run in zip(words, words[1:], words[2:], strict=False)]


def _visible_text(root: HtmlElement) -> str:
    """The text of the body outside navigation, headers and footers, one block a line."""
    pieces: list[str] = []
    body = root.find("body")
    walk = etree.iterwalk(body if body is not None else root, events=("start", "end"))
    for event, element in walk:
        edge = "\n" if element.tag in _BLOCKS else " " if element.tag in ("td", "th") else ""
        if event == "end":
            pieces += (edge, _flowing(element.tail, element.getparent()))
        elif _is_chrome(element):
            walk.skip_subtree()
        else:
            pieces += (edge, _flowing(element.text, element))
    return "".join(pieces)


def _is_chrome(element: HtmlElement) -> bool:
    if element.tag in _CHROME or element.get("role", "") in _CHROME_ROLES:
        return True
    return element.tag in _CHROME_OF_PAGES and next(element.iterancestors(*_SECTIONS), None) is None


def _flowing(text: str | None, place: HtmlElement | None) -> str:
    """Text with its line breaks as spaces, save where they are set on purpose."""
    return text or "" if place is not None and place.tag == "pre" else _SPACE.sub(" ", text or "")

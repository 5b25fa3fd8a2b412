"""Text work on hostile input takes time that grows with its length, not with the square of it, or worse."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from miniatures.agents.candidates import rank_sentences, split_sentences
from miniatures.agents.tools.extract.charset import decode
from miniatures.agents.tools.extract.clean import clean_line, clean_text
from miniatures.agents.tools.extract.declarations import hides
from miniatures.agents.tools.extract.document import extract
from miniatures.agents.tools.extract.plain import paragraphs
from miniatures.agents.tools.extract.style_sheets import rules_of
from miniatures.agents.tools.search.ranking import RankedPages
from miniatures.checks.words import fold
from miniatures.datamodel.characters import nfc
from miniatures.datamodel.evidence import Page
from miniatures.datamodel.hashing import text_hash
from miniatures.datamodel.prospect import Prospect, normalize_email, one_line
from tests.chaos.small_campaign import BRIEF, NOW

LENGTH = 500_000
BOUND_S = 20.0
"""Many times what it takes, on a busy machine too; what was mended here took minutes to years."""
WORDS = "These are enough words to be taken for the main text of a page. "


def filled(unit: str, start: str = "", end: str = "") -> str:
    """The unit again and again, to half a megabyte."""
    return start + unit * (LENGTH // len(unit)) + end


TEXTS = {
    "dots": filled(".", end="a"),
    "marks and brackets": filled(".)", end="a"),
    "marks that end and do not": filled("!?", "a", "b"),
    "ideographic marks": filled("。"),
    "accents of two classes": filled("\u0301\u0323", "a"),
    "precomposed letters": filled("\u1f82"),
    "bars": filled("<|"),
    "nested tokens": filled("<|", end="x" + "|>" * 1_000),
    "angles": filled("<"),
    "brackets": filled("[/"),
    "spaces": filled(" ", "a", "b"),
    "many kinds of spaces": filled("\u2003\t \u3000", "a", "b"),
    "line breaks": filled("\n \t", "a", "b"),
    "carriage returns": filled("\r"),
    "invisible characters": filled("\u200b\u2060\U000e0041", "a"),
    "one word": filled("a"),
    "initials": filled("A."),
    "apostrophes": filled("a'"),
    "short lines": filled("item 9.99\n"),
    "cut words": filled("a-\n"),
    "list items": filled("- a\n"),
    "rulers": filled("---\n"),
    "a ruler that is none": filled("-", end="a"),
    "numbers": filled("1"),
    "ideographs": filled("\u51b7"),
    "pipes": filled("a|b"),
}


def rank(text: str) -> object:
    page = Page(url="http://nordvik.example/", text=text, text_hash=text_hash(text), fetched_at=NOW)
    return rank_sentences([page], BRIEF, Prospect(email="kari@nordvik.example", company="Nordvik"))


def search(text: str) -> object:
    page = Page(url="http://nordvik.example/", text=text, text_hash=text_hash(text), fetched_at=NOW)
    return RankedPages([page]).best("cold item a", 5)


WORK: dict[str, Callable[[str], object]] = {
    "clean": clean_text,
    "clean line": clean_line,
    "paragraphs": paragraphs,
    "one line": one_line,
    "email": normalize_email,
    "nfc": nfc,
    "fold": fold,
    "sentences": split_sentences,
    "candidates": rank,
    "ranking": search,
    "plain document": lambda text: extract(text.encode(), "text/plain", "http://nordvik.example/"),
    "paragraph of a page": lambda text: extract(f"<p>{WORDS}{text}</p>".encode(), "text/html", "http://a.example/"),
}


@pytest.mark.parametrize("work", WORK)
def test_hostile_text(work: str) -> None:
    for name, text in TEXTS.items():
        started = time.monotonic()
        WORK[work](text)
        assert time.monotonic() - started < BOUND_S, name


MARKUP = {
    "elements that are hidden": filled("<i hidden></i>word word word "),
    "comments": filled("<!---->word word word "),
    "many attributes": "<p " + " ".join(f"a{number}=1" for number in range(10_000)) + f">{WORDS}",
    "a flat table of short rows": "<table>" + "".join(f"<tr><td>{number}" for number in range(9_000)),
    "a flat row of blocks": "<table><tr>" + "".join(f"<td><div>{number}</div>" for number in range(9_000)),
    "a sheet of comments that do not end": f"<style>{filled('/* ')}</style><p>{WORDS}",
    "a sheet of strings": f"<style>{filled(chr(34) + 'a ')}</style><p>{WORDS}",
    "a sheet without rules": f"<style>{filled('a')}</style><p>{WORDS}",
    "a sheet of openings": f"<style>{filled('a{')}</style><p>{WORDS}",
    "a sheet of closings": f"<style>{filled('}')}</style><p>{WORDS}",
    "a sheet of at-rules": f"<style>{filled('@a ')}</style><p>{WORDS}",
    "a list of selectors": f"<style>{filled('.a,')}{{display:none}}</style><p>{WORDS}",
    "a style of noughts": f"<p style='opacity:{filled('0')}x'>{WORDS}",
    "a style of escapes": f"<p style='{filled(chr(92))}'>{WORDS}",
}


@pytest.mark.parametrize("markup", MARKUP.values(), ids=MARKUP)
def test_hostile_markup(markup: str) -> None:
    started = time.monotonic()
    extract(markup.encode(), "text/html", "http://nordvik.example/")
    assert time.monotonic() - started < BOUND_S


def test_comments_before_a_page() -> None:
    """As plain text, forty of them froze a run for ever."""
    started = time.monotonic()
    for body in (b"<!---->" * 40, b"<!--" * 400, b" <!-- -->" * 200 + b"<", b" " * 2_000):
        extract(body, "text/plain", "http://nordvik.example/")
    assert extract(b"<!-- a --> <!-- b -->\n<p>Shown</p>", "text/plain", "http://nordvik.example/").text == "Shown"
    assert time.monotonic() - started < BOUND_S


def test_headers_and_styles() -> None:
    started = time.monotonic()
    decode(b"words", filled(" ", "text/html; charset="))
    for start in ("color:rgba(", "font-size:.", "opacity:", "clip-path:inset("):
        hides(filled("1,0", start, "x"))
        hides(filled("0", start, "x"))
    assert list(rules_of(filled("a{b{"))) == []
    assert time.monotonic() - started < BOUND_S

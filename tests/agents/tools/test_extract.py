"""What comes out of good documents: text, title, stated date."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from lxml.html import document_fromstring

from miniatures.agents.tools.extract.charset import decode
from miniatures.agents.tools.extract.document import extract
from miniatures.agents.tools.extract.extraction import Extraction
from miniatures.agents.tools.extract.pdf import read_pdf
from miniatures.agents.tools.extract.plain import paragraphs
from miniatures.agents.tools.extract.published import published_at
from miniatures.agents.tools.fetching import FetchProblem, FetchStatus

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def read(markup: str, content_type: str = "text/html") -> Extraction:
    return extract(markup.encode(), content_type, "http://a.example/x")


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ('<meta property="article:published_time" content="2026-09-14T09:00:00+02:00">', (2026, 9, 14)),
        ('<meta name="DC.date.issued" content="2026-09-14">', (2026, 9, 14)),
        ('<meta itemprop="datePublished" content="2026-09-14">', (2026, 9, 14)),
        (
            '<script type="application/ld+json">{"@graph":[{"datePublished":"2026-09-14"}]}</script>',
            (2026, 9, 14),
        ),
        ('<p><time datetime="2026-09-14">last week</time></p>', (2026, 9, 14)),
        ("<p>Posted <time>14 September 2026</time></p>", (2026, 9, 14)),
        ('<p class="post-date">Published on September 14th, 2026 by Kari</p>', (2026, 9, 14)),
        ("<div class=byline>By Kari, 14 Sept. 2026</div>", (2026, 9, 14)),
        ('<meta name=pubdate content="Mon, 14 Sep 2026 09:00:00 GMT">', (2026, 9, 14)),
        ("<p>On 14 September 2026 the store was opened.</p>", None),
        ("<footer>Copyright 2026</footer>", None),
        ("<p class=date>14 September 2026</p><p class=date>1 May 2026</p>", None),
        ("<p class=date>14 September 2026</p><aside><p class=date>1 May 2026</p></aside>", (2026, 9, 14)),
        ("<p class=date>03/04/2026</p>", None),
        ("<p class=date>31 February 2026</p>", None),
        ('<meta name=date content="2031-01-01">', None),
        ('<meta name=date content="1970-01-01">', None),
        ('<meta property="article:modified_time" content="2026-09-14">', None),
        ('<time datetime="2026-09-14">a</time><time datetime="2026-08-01">b</time>', None),
        ('<script type="application/ld+json">{"datePublished": broken</script>', None),
        ("<p class=update>The mandate of 14 September 2026 holds</p>", None),
    ],
)
def test_the_date_that_a_page_states(markup: str, expected: tuple[int, int, int] | None) -> None:
    found = published_at(document_fromstring(f"<html><body>{markup}<p>text</p></body></html>"), NOW)
    assert (found and (found.year, found.month, found.day)) == expected


def test_the_time_zone_of_a_date_is_kept() -> None:
    found = read('<meta property="article:published_time" content="2026-01-14T09:00:00+02:00"><p>text here</p>')
    assert found.published == datetime(2026, 1, 14, 9, tzinfo=timezone(timedelta(hours=2)))


def test_boilerplate_stays_out_and_paragraphs_are_lines() -> None:
    story = [f"Paragraph {number} tells at some length what happened at the cold store." for number in range(6)]
    markup = (
        "<html><head><title>Story | Site</title></head><body>"
        "<header><a href=/>Home</a><a href=/shop>Shop now</a></header>"
        "<nav><ul><li>Products<li>Prices</ul></nav><article><h1>Story</h1>"
        f"{''.join(f'<p>{line}</p>' for line in story)}"
        "</article><aside>Subscribe to our newsletter</aside><footer>All rights reserved. Imprint</footer>"
    )
    found = read(markup)
    lines = found.text.split("\n")
    assert [line for line in lines if line.startswith("Paragraph")] == story
    assert not {"Shop now", "Products", "Subscribe", "Imprint"} & set(found.text.replace("\n", " ").split())
    assert found.title == "Story | Site"


def test_inline_markup_does_not_tear_a_sentence() -> None:
    found = read("<p>The <b>new</b> store\n   has <a href=/x>eleven</a> doors<sup>1</sup>, all at -25&nbsp;&deg;C.</p>")
    assert found.text == "The new store has eleven doors1, all at -25 °C."


def test_no_sentence_has_a_hole() -> None:
    """trafilatura drops inline elements by the names of their classes; a quote must stand on the page as it is."""
    line = "To commit your changes, use the Actions menu, which lists all the things that can be done."
    marked = line.replace("Actions menu", '<span class="guimenu">Actions menu</span>')
    found = read(f"<html><body><div class=section>{f'<p>{marked}</p>' * 5}</div></body></html>")
    assert set(found.text.split("\n")) == {line}


def test_tables_of_layout_are_opened_and_tables_of_data_stay_rows() -> None:
    layout = read("<table><tr><td><h2>News</h2><p>The second tunnel runs since April.</p><p>It freezes six tonnes.</p>")
    assert layout.text.split("\n")[-2:] == ["The second tunnel runs since April.", "It freezes six tonnes."]


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ("<div id=root></div><script src=a.js></script>", FetchStatus.NEEDS_BROWSER),
        (
            "<noscript>You need to enable JavaScript.</noscript><div id=x></div><script>x</script>",
            FetchStatus.NEEDS_BROWSER,
        ),
        ("<div id=app>Loading...</div><script>x</script>", FetchStatus.NEEDS_BROWSER),
        (
            "<noscript>Enable JavaScript.</noscript><script>x</script><p>All of the words are here for anybody.</p>",
            FetchStatus.FETCHED,
        ),
        ("<div id=root></div>", FetchStatus.EMPTY),
        ("<p>Closed.</p>", FetchStatus.FETCHED),
    ],
)
def test_application_shells(markup: str, expected: FetchStatus) -> None:
    assert read(f"<html><body>{markup}</body></html>").status is expected


def test_plain_text_joins_its_lines() -> None:
    text = "A line that is\nwrapped by hand and hyphen-\nated.\n\n- one\n- two\n  goes on\n\n# Head\nBody\n=====\nEnd"
    assert paragraphs(text).split("\n") == [
        "A line that is wrapped by hand and hyphenated.",
        "- one",
        "- two goes on",
        "# Head",
        "Body",
        "End",
    ]


def pdf(*lines: str) -> bytes:
    """A small real PDF with the lines on one page."""
    shown = "\n".join(f"({line}) Tj 0 -14 Td" for line in lines)
    stream = f"BT /F1 12 Tf 72 720 Td\n{shown}\nET".encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out, places = io.BytesIO(), []
    out.write(b"%PDF-1.4\n")
    for number, content in enumerate(objects, start=1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, content))
    start = out.tell()
    out.write(b"xref\n0 6\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % place for place in places))
    out.write(b"trailer << /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % start)
    return out.getvalue()


def test_what_a_broken_pdf_makes_its_reader_say_stays_out() -> None:
    secret = "sk-0123456789"
    body = pdf("x").replace(b"%%EOF", b"").replace(b"startxref", f"startxref {secret}".encode())
    with pytest.raises(FetchProblem) as caught:
        read_pdf(body[: len(body) // 2] + f"/Root {secret}".encode())
    assert re.fullmatch(r"broken PDF: \w+", caught.value.detail)


@pytest.mark.parametrize("content_type", ["application/pdf", "text/html"])
def test_pdf(content_type: str) -> None:
    found = extract(pdf("The new store at Larvik", "has eleven doors."), content_type, "http://a.example/x.pdf")
    assert found.status is FetchStatus.FETCHED
    assert found.text == "The new store at Larvik has eleven doors."


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252", "latin-1", "cp1251", "shift_jis"]
)
def test_declared_charsets(encoding: str) -> None:
    text = {"cp1251": "Холод и лёд", "shift_jis": "冷たい倉庫"}.get(encoding, "Kälte, Öl, größer")
    assert decode(text.encode(encoding), f"text/html; charset={encoding}") == text


def test_the_charset_in_the_page() -> None:
    page = '<html><head><meta http-equiv="Content-Type" content="text/html; charset=iso-8859-2"><p>Zażółć gęślą jaźń'
    assert decode(page.encode("iso-8859-2"), "text/html") == page
    assert decode("<?xml version='1.0' encoding='koi8-r'?><p>Холод".encode("koi8-r")).endswith("Холод")


def test_an_undeclared_charset_is_guessed() -> None:
    text = "<p>Die Kühlhäuser der Gesellschaft wurden größer und größer, über Jahre hinweg, für Öl und Käse.</p>"
    assert "größer und größer" in decode(text.encode("cp1252"))


@pytest.mark.parametrize("declared", ["text/html; charset=utf-8", "text/html", "text/html; charset=iso-8859-1"])
@pytest.mark.parametrize("stray", [b"\xa0", b"\x92", b"\xff\xfe\xfa", b"\xe4"])
def test_a_stray_byte_spoils_no_other(declared: str, stray: bytes) -> None:
    story = "Die Bäckerei eröffnet eine größere Filiale in Köln, sagt die Geschäftsführerin Ümit Öz."
    assert story in decode(f"<p>{story}</p>".encode() + stray + b"<p>Mehr</p>", declared)


@pytest.mark.parametrize("label", ["utf-16", "UTF-16LE", "utf-32"])
def test_a_page_in_ascii_that_calls_itself_utf_16(label: str) -> None:
    page = f"<meta charset={label}><p>A second bakery was opened in Leeds.</p>"
    for body in (page, page + " "):
        assert decode(body.encode(), f"text/html; charset={label}") == body


def test_gaps_and_labels_that_only_browsers_know() -> None:
    assert "Bäckerei" in decode("\x81 Die Bäckerei".encode("latin-1"), "text/html; charset=iso-8859-1")
    assert decode("กรุงเทพฯ".encode("cp874"), "text/html; charset=windows-874") == "กรุงเทพฯ"

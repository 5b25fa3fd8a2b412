"""Ten thousand documents from a seed: ordinary pages, damaged ones, PDFs, and those made to defeat their reader."""

from __future__ import annotations

import random
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SITES = Path(__file__).parents[1] / "examples" / "cold_storage" / "sites"
SHARES = {"ordinary": 0.40, "damaged": 0.25, "pdf": 0.15, "adversarial": 0.20}
_PARAGRAPH = re.compile(r"<p\b.*?</p>", re.DOTALL)
_STYLE = ".menu .sub{display:none}.card{margin:1em}@media(max-width:600px){.wide{display:none}}.is-off{opacity:0}"


@dataclass(frozen=True)
class Sample:
    """One document, of which kind and family."""

    kind: str
    family: str
    body: bytes
    content_type: str


def samples(count: int, seed: int) -> Iterator[Sample]:
    """`count` documents, the kinds mixed; the same for the same seed."""
    dice = random.Random(seed)
    pages = [path.read_text("utf-8") for path in sorted(SITES.rglob("*.html"))]
    makers = {"ordinary": ordinary, "damaged": damaged, "pdf": pdf, "adversarial": adversarial}
    kinds = [kind for kind, share in SHARES.items() for _ in range(round(count * share))]
    dice.shuffle(kinds)
    for kind in kinds:
        yield makers[kind](dice, pages)


def ordinary(dice: random.Random, pages: list[str]) -> Sample:
    """A page of the example sites as it is, or longer, with a menu, a footer and a style element of its own."""
    page = dice.choice(pages)
    if dice.random() < 0.3:
        return Sample("ordinary", "example site", page.encode(), "text/html")
    told = [text for _ in range(dice.randint(2, 12)) for text in _PARAGRAPH.findall(dice.choice(pages))]
    menu = "".join(f"<li><a href=/{dice.randrange(999)}>Part {number}</a>" for number in range(dice.randint(5, 40)))
    body = (
        f"<nav><ul class=menu>{menu}</ul></nav><main><article>{''.join(told)}</article></main><footer>Imprint</footer>"
    )
    page = f"<!doctype html><title>News {dice.randrange(999)}</title><style>{_STYLE}</style>{body}"
    return Sample("ordinary", "varied", page.encode(), "text/html; charset=utf-8")


def damaged(dice: random.Random, pages: list[str]) -> Sample:
    """A page cut short, with bytes changed, doubled, in a wrong charset, or under a wrong type."""
    body = bytearray(ordinary(dice, pages).body)
    family = dice.choice(("cut", "bits", "spliced", "charset", "type"))
    content_type = "text/html"
    match family:
        case "cut":
            del body[dice.randrange(len(body)) :]
        case "bits":
            for _ in range(dice.randint(1, 200)):
                body[dice.randrange(len(body))] ^= 1 << dice.randrange(8)
        case "spliced":
            place = dice.randrange(len(body))
            body[place:place] = body[dice.randrange(len(body)) :]
        case "charset":
            content_type = f"text/html; charset={dice.choice(('utf-16', 'shift_jis', 'utf-7', 'x-none', 'ebcdic'))}"
        case "type":
            content_type = dice.choice(("text/plain", "application/pdf", "", "text/markdown"))
    return Sample("damaged", family, bytes(body), content_type)


def pdf(dice: random.Random, pages: list[str]) -> Sample:
    """A small PDF: whole, damaged, or with a stream that unpacks to far more, or to rows for a predictor."""
    family = dice.choice(("whole", "whole", "cut", "bits", "bomb", "predictor", "loop"))
    if family == "bomb":
        return _pdf(family, zlib.compress(b"(x) Tj\n" * dice.randint(1_000, 500_000)), b"/Filter /FlateDecode")
    if family == "predictor":
        rows = zlib.compress(bytes([dice.randint(0, 4), 65]) * int(10 ** dice.uniform(3, 6.1)))
        parameters = b"/Filter /FlateDecode /DecodeParms << /Predictor 15 /Columns 1 >>"
        return _pdf(family, rows, parameters)
    lines = re.sub(r"<[^>]*>|[()\\]", " ", dice.choice(pages)).encode("ascii", "replace").split(b"\n")
    shown = b"\n".join(b"(%s) Tj 0 -14 Td" % line.strip() for line in lines if line.strip())
    whole = _pdf(family, b"BT /F1 12 Tf 72 720 Td\n%s\nET" % shown, b"")
    body = bytearray(whole.body)
    if family == "cut":
        del body[dice.randrange(len(body)) :]
    elif family == "bits":
        for _ in range(dice.randint(1, 60)):
            body[dice.randrange(8, len(body))] ^= 1 << dice.randrange(8)
    elif family == "loop":
        body = bytearray(whole.body.replace(b"/Kids [3 0 R]", b"/Kids [2 0 R]"))
    return Sample("pdf", family, bytes(body), "application/pdf")


def _pdf(family: str, stream: bytes, about: bytes) -> Sample:
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(stream), about, stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    )
    body, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"xref\n0 6\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % place for place in places)
    body += table + b"trailer << /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % len(body)
    return Sample("pdf", family, body, "application/pdf")


WORDS = "These are words enough to be the main text of a page. "
UNITS: dict[str, str] = {
    "comments": "<!---->",
    "open comments": "<!-- ",
    "hidden elements": "<i hidden></i>word ",
    "rows": "<tr><td>1",
    "cells of blocks": "<td><div>1</div>",
    "nested": "<div>",
    "nested links": "<a>",
    "nested tables": "<table><tr><td>",
    "blocks": "<div>a word</div>",
    "accents": "\u0301\u0323",
    "invisible": "\u200b\u00ad",
    "dots": ".",
    "tokens": "<|",
    "entities": "&amp;lt;",
    "sections": "<section><header>a</header></section>",
    "dates": "<p class=date>14 May 2026</p>",
    "prices": "item 9.99\n",
    "cut words": "a-\n",
    "rulers": "---\n",
    "spaces": " \t",
    "one word": "a",
    "selectors": "<style>.a .b:not(.c){display:none}</style>",
    "sheet comments": "<style>/* ",
    "scripts": "<script>",
    "text areas": "<textarea>",
    "svg": "<svg><title>",
    "bad bytes": "\xe4\xff",
}


def adversarial(dice: random.Random, _pages: list[str]) -> Sample:
    """One unit again and again, as a page or as plain text; or an element with ever more attributes."""
    family = dice.choice([*UNITS, "attributes"])
    length = int(10 ** dice.uniform(2, 4.6 if dice.random() < 0.97 else 6.2))
    if family == "attributes":
        text = "<p " + " ".join(f"a{number}=1" for number in range(length // 8)) + ">"
    else:
        text = UNITS[family] * (length // len(UNITS[family]))
    content_type = dice.choice(("text/html", "text/html", "text/plain"))
    start = dice.choice((f"<p>{WORDS}", "", f"<table><tr><td>{WORDS}"))
    encoding = "latin-1" if family == "bad bytes" else "utf-8"
    return Sample("adversarial", family, f"{start}{text}{WORDS}".encode(encoding), content_type)

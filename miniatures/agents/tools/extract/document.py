"""Bytes and a content type in, main text out: looks at what the bytes are, since servers lie about types."""

from __future__ import annotations

import re

from miniatures.agents.tools.extract.charset import decode
from miniatures.agents.tools.extract.clean import clean_text
from miniatures.agents.tools.extract.extraction import Extraction
from miniatures.agents.tools.extract.html import read_html
from miniatures.agents.tools.extract.pdf import read_pdf
from miniatures.agents.tools.extract.plain import paragraphs
from miniatures.agents.tools.fetching import FetchProblem, FetchStatus

MAX_CHARACTERS = 400_000
"""Longer texts are cut there."""

_HTML_START = re.compile(
    rb"\s*+(?>(?><!--.*?-->)\s*+)*+<(?:!doctype\s+html|html|head|body|meta|title|script|div|p)\b", re.I | re.S
)
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def extract(body: bytes, content_type: str, url: str) -> Extraction:
    """The main text of a document, or why there is none.

    A hostile document may take any time and memory: outside tests and measurements, `Extractor` is to be asked.
    """
    try:
        return _read(body, content_type, url)
    except FetchProblem as problem:
        return Extraction(problem.status, detail=problem.detail)
    except RecursionError:
        return Extraction(FetchStatus.UNREADABLE, detail="the page is nested too deeply")


def _read(body: bytes, content_type: str, url: str) -> Extraction:
    media_type = content_type.partition(";")[0].strip().lower()
    if not body.strip():
        raise FetchProblem(FetchStatus.EMPTY, "the body is empty")
    if body[:1024].lstrip().startswith(b"%PDF-"):
        pdf = read_pdf(body)
        return Extraction(FetchStatus.FETCHED, pdf.title, pdf.text)
    if _is_binary(body):
        raise FetchProblem(
            FetchStatus.UNSUPPORTED_TYPE, f"declared as {media_type or 'nothing'}, but the bytes are no text"
        )
    markup = decode(body, content_type)
    if media_type in ("text/plain", "text/markdown") and not _HTML_START.match(body[:2048]):
        return _plain(markup)
    page = read_html(markup, url)
    return Extraction(FetchStatus.FETCHED, page.title, page.text[:MAX_CHARACTERS], page.published, page.links)


def _plain(text: str) -> Extraction:
    text = clean_text(paragraphs(text))[:MAX_CHARACTERS]
    if not text:
        raise FetchProblem(FetchStatus.EMPTY, "the document holds no text")
    return Extraction(FetchStatus.FETCHED, text.split("\n", 1)[0].lstrip("# ")[:120], text)


def _is_binary(body: bytes) -> bool:
    """Whether the bytes are no text in any encoding that pages use: NUL bytes, or control bytes in plenty."""
    head = body[:2048]
    if head.startswith(_UTF16):
        return False
    return b"\x00" in head or sum(byte < 32 and byte not in b"\t\n\r\x0c\x1b" for byte in head) > len(head) // 10

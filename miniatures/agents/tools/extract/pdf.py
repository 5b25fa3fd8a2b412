"""The text of a PDF, page by page, with limits: a small file can hold very many pages."""

from __future__ import annotations

import io
import logging
from dataclasses import dataclass

from miniatures.agents.tools.extract.clean import clean_line, clean_text
from miniatures.agents.tools.extract.plain import paragraphs
from miniatures.agents.tools.fetching import FetchProblem, FetchStatus
from miniatures.datamodel.errors import described

MAX_PAGES = 60
MAX_CHARACTERS = 400_000


@dataclass(frozen=True)
class PdfText:
    """What a PDF says. Its stated dates are of the file, not of publication, and are not used."""

    title: str
    text: str


def read_pdf(body: bytes) -> PdfText:
    """Title and text of the first pages.

    Raises:
        FetchProblem: the file is broken or locked, or holds pictures only.
    """
    from pypdf import PdfReader

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # it logs each oddity of a file; the outcome tells ours
    try:
        reader = PdfReader(io.BytesIO(body))
        text = _pages_text(reader)
        title = clean_line(str(reader.metadata.title or "")) if reader.metadata else ""
    except MemoryError:
        raise
    except Exception as error:  # pypdf raises dozens of kinds on broken files; each means the same here
        raise FetchProblem(FetchStatus.UNREADABLE, f"broken PDF: {described(error)}") from error
    if not text:
        raise FetchProblem(FetchStatus.EMPTY, "the PDF holds no text")
    return PdfText(title, text)


def _pages_text(reader: object) -> str:
    pages: list[str] = []
    for page in list(reader.pages[:MAX_PAGES]):  # type: ignore[attr-defined]
        pages.append(paragraphs(page.extract_text()))
        if sum(map(len, pages)) > MAX_CHARACTERS:
            break
    return clean_text("\n".join(pages))[:MAX_CHARACTERS]

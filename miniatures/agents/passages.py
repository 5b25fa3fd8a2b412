"""A sentence of a page with what stands around it, which tells whose news it is and when it happened."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime

from miniatures.agents.ages import is_dateline
from miniatures.agents.candidates import reads_as_sentence
from miniatures.checks.sentences import sentences
from miniatures.datamodel.evidence import Evidence, Page, Quote
from miniatures.datamodel.frozen import Frozen

_MOST_AROUND = 240
"""Characters of a neighbour that are kept."""
MOST_BEFORE = 320
"""Characters of a sentence and the one before it that are told together."""
_LEANS = re.compile(
    r"(?:it|its|they|their|them|he|she|his|her|this|these|that|those|both|there|such|as a result|instead|"
    r"(?:for|to|because of|after|following|with) (?:this|that|these|those))\b",
    re.IGNORECASE,
)
_HEADING_WORDS = 14
_ENDS = re.compile(r"[.!?;:,…]$")


class Passage(Frozen):
    """One sentence, verbatim, and its place in the page."""

    text: str
    title: str = ""
    heading: str = ""
    before: str = ""
    after: str = ""
    dateline: str = ""
    published: datetime | None = None

    @property
    def around(self) -> dict[str, str]:
        """What tells of it there, as evidence keeps it."""
        return {"heading": self.heading, "dateline": self.dateline, "before": self.before, "after": self.after}

    @property
    def can_be_told(self) -> bool:
        """Whether it says what it is about, or may be told together with the sentence before it that does."""
        return not leans(self.text) or 0 < len(self.before) <= MOST_BEFORE - len(self.text)


def passage_of(quote: Quote) -> Passage:
    """What a quote was chosen from, as far as it keeps that."""
    place = {"heading": quote.heading, "dateline": quote.dateline, "before": quote.before, "after": quote.after}
    title = quote.title if isinstance(quote, Evidence) else ""
    return Passage(text=quote.quote, title=title, published=quote.published, **place)


def leans(text: str) -> bool:
    """Whether the sentence begins with a word that stands for something before it."""
    return _LEANS.match(text) is not None


def passages(page: Page) -> Iterator[Passage]:
    """Every sentence of the page that reads as one, with its heading and what stands before and after it there."""
    dateline = ""
    for heading, texts in _sections(page.text):
        dateline = heading if is_dateline(heading) else dateline
        for place, text in enumerate(texts):
            if is_dateline(text):
                dateline = text
            if reads_as_sentence(text):
                yield Passage(
                    text=text,
                    title=page.title[:_MOST_AROUND],
                    heading=heading[:_MOST_AROUND],
                    before=" ".join(reversed(_within(reversed(texts[:place])))),
                    after=" ".join(_within(texts[place + 1 :])),
                    dateline=dateline,
                    published=page.published,
                )


def _sections(text: str) -> Iterator[tuple[str, list[str]]]:
    """Each heading with the sentences under it; the first has none."""
    heading: str = ""
    texts: list[str] = []
    for line in filter(None, map(str.strip, text.splitlines())):
        if _is_heading(line):
            yield heading, texts
            heading, texts = line, []
        else:
            texts += sentences(line)
    yield heading, texts


def _within(texts: Iterable[str]) -> list[str]:
    """The first of the sentences that fit; of the first alone, if it is too long, nothing."""
    kept: list[str] = []
    left = _MOST_AROUND
    for text in texts:
        left -= len(text) + 1
        if left < 0:
            break
        kept.append(text)
    return kept


def _is_heading(line: str) -> bool:
    return len(line.split()) <= _HEADING_WORDS and not _ENDS.search(line)

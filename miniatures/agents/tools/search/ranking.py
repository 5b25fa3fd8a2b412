"""Documents in the order of a query's words: BM25, through the library bm25s."""

from __future__ import annotations

import re
from collections.abc import Sequence

from miniatures.agents.tools.search.base import SearchHit
from miniatures.datamodel.evidence import Page

_LONGEST_SNIPPET = 300


class RankedPages:
    """An index over pages, made once. Uses the processor: build and ask it in a thread when there are many."""

    def __init__(self, pages: Sequence[Page]) -> None:
        self.pages = tuple(pages)
        self._words = [_words(f"{page.title}\n{page.title}\n{page.text}") for page in self.pages]
        self._index = None
        if any(self._words):
            from bm25s import BM25

            self._index = BM25(method="lucene")
            self._index.index(self._words, show_progress=False)

    def best(self, text: str, limit: int) -> tuple[SearchHit, ...]:
        """The pages that share a word with the text, best first; ties keep the order of the pages."""
        if self._index is None:
            return ()
        known = [word for word in dict.fromkeys(_words(text)) if word in self._index.vocab_dict]
        if not known:
            return ()
        scores = self._index.get_scores(known)
        order = sorted(range(len(self.pages)), key=lambda place: -scores[place])[:limit]
        return tuple(_hit(self.pages[place], known) for place in order if scores[place] > 0)


def _hit(page: Page, words: Sequence[str]) -> SearchHit:
    return SearchHit(url=page.url, title=page.title, snippet=_snippet(page.text, words), page=page)


def _snippet(text: str, words: Sequence[str]) -> str:
    """The line that shares most words with the query."""
    wanted = set(words)
    lines = text.split("\n")[:200]
    return max(lines, key=lambda line: len(wanted.intersection(_words(line))), default="")[:_LONGEST_SNIPPET]


def _words(text: str) -> list[str]:
    """Lower-case words without the English stop words, plural and singular alike."""
    from bm25s.stopwords import STOPWORDS_EN

    words = (word for word in re.findall(r"\w+", text.lower()) if word not in STOPWORDS_EN)
    return [word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word for word in words]

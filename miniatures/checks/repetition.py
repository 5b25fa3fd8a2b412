"""Nothing is said twice: a small model that has run out of things to say repeats a sentence, which readers notice."""

from __future__ import annotations

import re
from collections.abc import Iterator

from miniatures.checks.case import CheckCase
from miniatures.checks.draft_text import DraftText
from miniatures.checks.verdict import Verdict, failed, passed
from miniatures.checks.web import without_links
from miniatures.checks.words import UNSPACED

_WORDS = 7
"""The shortest run that counts: none of 948 emails written by hand has one, and shorter ones are turns of phrase."""
_SENTENCE = 3
"""Words of the shortest sentence that counts as a whole; a name in the greeting and under the email has fewer."""
_WORD = re.compile(rf"[{UNSPACED}]{{1,2}}|[^\W{UNSPACED}]+")


def check_repetition(draft: DraftText, case: CheckCase) -> Verdict:
    """The body holds no run of seven words twice, and no sentence of three. A link may stand there twice."""
    found = _twice(_runs(_words(draft.body))) or _twice(_sentences(draft))
    return failed(f"the words {' '.join(found)!r} come twice") if found else passed()


def _twice(runs: Iterator[tuple[str, ...]]) -> tuple[str, ...] | None:
    seen: set[tuple[str, ...]] = set()
    for run in runs:
        if run in seen:
            return run
        seen.add(run)
    return None


def _words(text: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(without_links(text.lower())))


def _runs(words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    return (words[start : start + _WORDS] for start in range(len(words) - _WORDS + 1))


def _sentences(draft: DraftText) -> Iterator[tuple[str, ...]]:
    whole = (_words(sentence.text) for sentence in draft.sentences)
    return (words for words in whole if len(words) >= _SENTENCE)

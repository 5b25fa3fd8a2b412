"""Aligns each sentence that asserts something to the line of the brief or the quote it stands on.

A sentence that joins news and offer may be carried by several together and by none alone; it is then shown with the
one that carries most of it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from miniatures.checks.case import CheckCase, Source
from miniatures.checks.definite import is_definite, own_names
from miniatures.checks.draft_text import DraftText, Sentence
from miniatures.checks.reading import Reading
from miniatures.checks.support import carries_name, carries_number, distinct, unsupported_pieces
from miniatures.checks.word_list import listed_table
from miniatures.checks.words import words_of
from miniatures.datamodel.draft import Ground, Statement

_SIGN_OFF = re.compile(
    r"^(?:(?:kind|best|warm|warmest|many)\s+)?(?:regards|wishes|thanks|thank you|sincerely|yours|cheers|mit|viele|"
    r"best(?=\s*(?:[^\w\s]|$))|freundliche|liebe|cordialement|bien à vous|saludos|un saludo|cordiali|"
    r"met vriendelijke|atenciosamente)\b",
    re.IGNORECASE,
)
_FEWEST_STEMS, _FEWEST_OF_A_WRITER = 2, 3
"""Content words of the shortest sentence that asserts something; of a writer's own it is longer ("I'll be brief")."""
_FIRST_PERSON = listed_table("first_person")
_SHARED, _SHARED_BY_ALL = 0.34, 0.25
"""Shares of a sentence's content that one source, and all together, have to carry to be its ground."""
_LONGEST_SIGN_OFF = 6


def statements_of(draft: DraftText, case: CheckCase) -> tuple[Statement, ...]:
    """The statements of a draft, each with its ground. Greeting, questions, signature and the like assert nothing."""
    statements = []
    for place, sentence in enumerate(draft.sentences):
        if place and _SIGN_OFF.match(sentence.text) and len(sentence.text.split()) <= _LONGEST_SIGN_OFF:
            break
        unsupported = distinct(unsupported_pieces(sentence.reading, case))
        if unsupported or (place and _asserts(sentence, case)):
            statements.append(_statement(sentence, unsupported, case))
    return tuple(statements)


def _asserts(sentence: Sentence, case: CheckCase) -> bool:
    reading = sentence.reading
    specific = len(reading.numbers) + len(own_names(sentence, case))
    return not sentence.is_question and (specific > 0 or len(reading.stems) >= _fewest_stems(sentence, case))


def _fewest_stems(sentence: Sentence, case: CheckCase) -> int:
    own = _FIRST_PERSON.get(case.brief.language[:2].lower())
    if own is None or not set(own.split()).isdisjoint(words_of(sentence.text)):
        return _FEWEST_OF_A_WRITER
    return _FEWEST_STEMS


def _statement(sentence: Sentence, unsupported: tuple[str, ...], case: CheckCase) -> Statement:
    content = _Content(sentence, case)
    scored = [(content.share_in(source), source) for source in case.sources]
    score, source = max(scored, key=lambda pair: pair[0])
    if score < _SHARED:
        if unsupported or not is_definite(sentence, case):
            ground = Ground.NOTHING if unsupported else Ground.THOUGHT
            return Statement(text=sentence.text, ground=ground, unsupported=unsupported)
        if content.share_in_all(case) < _SHARED_BY_ALL:
            return Statement(text=sentence.text, ground=Ground.NOTHING)
    return Statement(text=sentence.text, ground=source.ground, source=source.text, unsupported=unsupported)


class _Content:
    """A sentence's own content, the prospect's fields left out. Numbers weigh 3, names and links 2, other words 1."""

    def __init__(self, sentence: Sentence, case: CheckCase) -> None:
        self._numbers = sentence.reading.numbers
        self._stems = sentence.reading.stems - case.prospect_reading.stems
        self._names = own_names(sentence, case)
        self._links = sentence.reading.links
        self._total = len(self._stems) + 3 * len(self._numbers) + 2 * len(self._names) + 2 * len(self._links)

    def share_in(self, source: Source) -> float:
        """The share of the content that the source carries."""
        return self._share(source.reading.stems, [source.reading], source.reading.words)

    def share_in_all(self, case: CheckCase) -> float:
        """The share that the sources carry together."""
        readings = [source.reading for source in case.sources]
        return self._share(frozenset().union(*(reading.stems for reading in readings)), readings, case.words)

    def _share(self, stems: frozenset[str], readings: Sequence[Reading], words: frozenset[str]) -> float:
        held = len(self._stems & stems)
        held += 3 * sum(any(carries_number(reading, number) for reading in readings) for number in self._numbers)
        held += 2 * sum(carries_name(words, name) for name in self._names)
        held += 2 * sum(any(link in reading.links for reading in readings) for link in self._links)
        return held / self._total if self._total else 0.0

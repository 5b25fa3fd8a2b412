"""Aligns each sentence that asserts something to the line of the brief or the quote it stands on."""

from __future__ import annotations

import re

from miniatures.checks.case import CheckCase, Source
from miniatures.checks.draft_text import DraftText, Sentence
from miniatures.checks.support import carries_name, carries_number, distinct, unsupported_pieces
from miniatures.datamodel.draft import Ground, Statement

_SIGN_OFF = re.compile(
    r"^(?:(?:kind|best|warm|warmest|many)\s+)?(?:regards|wishes|thanks|thank you|sincerely|yours|cheers|mit|viele|"
    r"best(?=\s*(?:[^\w\s]|$))|freundliche|liebe|cordialement|bien à vous|saludos|un saludo|cordiali|"
    r"met vriendelijke|atenciosamente)\b",
    re.IGNORECASE,
)
_FEWEST_STEMS = 3
_SHARED = 0.34
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
    specific = len(reading.numbers) + sum(not carries_name(case.prospect_reading.words, name) for name in reading.names)
    return not sentence.is_question and (specific > 0 or len(reading.stems) >= _FEWEST_STEMS)


def _statement(sentence: Sentence, unsupported: tuple[str, ...], case: CheckCase) -> Statement:
    content = _Content(sentence, case)
    scored = [(content.share_in(source), source) for source in case.sources]
    score, source = max(scored, key=lambda pair: pair[0])
    if score < _SHARED:
        return Statement(text=sentence.text, ground=Ground.NOTHING, unsupported=unsupported)
    return Statement(text=sentence.text, ground=source.ground, source=source.text, unsupported=unsupported)


class _Content:
    """A sentence's own content, the prospect's fields left out. Numbers weigh 3, names 2, other words 1."""

    def __init__(self, sentence: Sentence, case: CheckCase) -> None:
        self._numbers = sentence.reading.numbers
        self._stems = sentence.reading.stems - case.prospect_reading.stems
        own = case.prospect_reading.words
        self._names = [name for name in sentence.reading.names if not carries_name(own, name)]
        self._total = len(self._stems) + 3 * len(self._numbers) + 2 * len(self._names)

    def share_in(self, source: Source) -> float:
        """The share of the content that the source carries."""
        reading = source.reading
        held = len(self._stems & reading.stems)
        if reading.numbers:
            held += 3 * sum(carries_number(reading, number) for number in self._numbers)
        held += 2 * sum(carries_name(reading.words, name) for name in self._names)
        return held / self._total if self._total else 0.0

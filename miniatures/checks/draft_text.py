"""A draft read once: its sentences with what they say, its greeting and its end."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from miniatures.checks.numbers import Number
from miniatures.checks.reading import Reading, read_draft
from miniatures.checks.sentences import sentences
from miniatures.checks.words import UNSPACED
from miniatures.datamodel.draft import EmailText

_WRAPPED_LINE = 50
_SHORT_LINE = 60
_LONGEST_AFTER_NAME = 2
_SENTENCE_END = (".", "!", "?", ":", "…", "。")
_GREETING_END = re.compile(r"[,:!.;—–،、，。]|\s-\s")  # noqa: RUF001


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of the body and what it says."""

    text: str
    reading: Reading

    @property
    def is_question(self) -> bool:
        return self.text.rstrip(" \"'”\u2019»)").endswith(("?", "？", "؟"))  # noqa: RUF001


Window = tuple[frozenset[str], tuple[Number, ...]]
"""Stems and numbers of two neighbouring sentences."""


class DraftText:
    """An email's text, parsed lazily: a check that needs no sentences pays for none."""

    def __init__(self, email: EmailText, language: str) -> None:
        self.subject, self.body, self.language = email.subject, email.body, language
        self.citations: dict[str, bool] = {}

    @cached_property
    def lines(self) -> list[str]:
        """The body's lines that are not blank, trimmed."""
        return [line.strip() for line in self.body.splitlines() if line.strip()]

    @cached_property
    def subject_reading(self) -> Reading:
        return read_draft(self.subject, self.language)

    @cached_property
    def sentences(self) -> tuple[Sentence, ...]:
        """The body's sentences. A hard-wrapped paragraph is read as one."""
        return tuple(
            Sentence(text, read_draft(text, self.language))
            for line in _unwrapped(self.body)
            for text in sentences(line)
        )

    @cached_property
    def greeting(self) -> str:
        """The salutation: the first line, or as far as its first mark if the message begins on the same line."""
        first = self.lines[0] if self.lines else ""
        end = _GREETING_END.search(first, pos=_after_honorific(first))
        goes_on = end is not None and _goes_on(first[end.end() :])
        if len(first) <= _SHORT_LINE and not first.endswith((".", "?", "…", "。")) and not goes_on:
            return first
        return first[: end.start()] if end else " ".join(first.split()[:8])

    @cached_property
    def words(self) -> int:
        """Words of the body; two characters of a script without spaces count as one word."""
        unspaced = len(_UNSPACED.findall(self.body))
        return len(_UNSPACED.sub(" ", self.body).split()) + (unspaced + 1) // 2

    @cached_property
    def windows(self) -> tuple[Window, ...]:
        """Every two neighbouring sentences, or the only one."""
        readings = [sentence.reading for sentence in self.sentences]
        if len(readings) == 1:
            return ((readings[0].stems, readings[0].numbers),)
        return tuple((one.stems | two.stems, one.numbers + two.numbers) for one, two in pairwise(readings))

    @cached_property
    def whole(self) -> Window:
        """The stems and numbers of the whole body."""
        readings = [sentence.reading for sentence in self.sentences]
        stems = frozenset().union(*(reading.stems for reading in readings))
        return stems, tuple(number for reading in readings for number in reading.numbers)

    @property
    def texts(self) -> tuple[str, ...]:
        """The subject and the body's sentences, as they are written."""
        return (self.subject, *(sentence.text for sentence in self.sentences))

    def readings(self) -> Iterator[tuple[str, Reading]]:
        """Where each piece of text stands, subject first, and what it says."""
        yield "subject", self.subject_reading
        for sentence in self.sentences:
            yield "body", sentence.reading


_UNSPACED = re.compile(f"[{UNSPACED}]")
_HONORIFIC_POINT = re.compile(r"^.{0,24}\b(?:mr|mrs|ms|dr|prof|sr|sra|dott|sig|hr|fr|[a-z])\.", re.IGNORECASE)


def _goes_on(rest: str) -> bool:
    """Whether the message begins on the greeting's line, as in "Hi Ana, congratulations on the new depot!"."""
    return rest.strip()[:1].islower() and len(rest.split()) > _LONGEST_AFTER_NAME


def _after_honorific(line: str) -> int:
    match = _HONORIFIC_POINT.match(line)
    return match.end() if match else 0


def _unwrapped(body: str) -> Iterator[str]:
    pending = ""
    for raw in body.splitlines():
        line = raw.strip()
        pending = f"{pending} {line}".strip() if line else pending
        if not line or len(line) < _WRAPPED_LINE or line.endswith(_SENTENCE_END):
            if pending:
                yield pending
            pending = ""
    if pending:
        yield pending

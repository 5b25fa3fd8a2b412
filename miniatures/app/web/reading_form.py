"""What a reader fills in, and what is wrong with it, in sentences."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from pydantic import Field

from miniatures.datamodel.frozen import Frozen
from miniatures.datamodel.review import Choice, Falsehood, FalseStatement, Reading, ReadingVerdict

ROWS = 12
ROWS_SHOWN = 5

Row = tuple[str, str]
"""The kind of a false statement and its words, as they stand in the form."""


class ReadingForm(Frozen):
    """The answers beside the false statements; without any, nothing was filled in yet."""

    id: str = Field(default="", pattern=r"^[0-9a-f]{32}$", description="Of the review: one sent twice is kept once.")
    sheet: str = Field(default="", max_length=32)
    step: Literal["keep", "skip"] = "keep"
    verdict: ReadingVerdict | None = None
    tactless: bool = False
    sense: Literal["ok", "weak", "nonsense"] | None = None
    subject: Literal["ok", "odd", "absurd"] | None = None
    choice: Choice | None = None
    comment: str = Field(default="", max_length=4_000)
    seconds: float | None = Field(default=None, ge=0, le=86_400)


def false_rows(fields: Iterable[tuple[str, str]]) -> list[Row]:
    """The rows of false statements in which something stands."""
    given = list(fields)
    kinds = [value for name, value in given if name == "kind"]
    words = [value.strip()[:2_000] for name, value in given if name == "what"]
    return [row for row in zip(kinds, words, strict=False) if any(row)]


def mistakes_in(form: ReadingForm, rows: Sequence[Row]) -> list[str]:
    """What is missing, each in words that follow one another in a sentence."""
    missing = [words for name, words in _ASKED.items() if getattr(form, name) is None]
    for number, (kind, words) in enumerate(rows, start=1):
        missing += [] if _is_kind(kind) else [f"of what kind false statement {number} is"]
        missing += [] if words else [f"which words false statement {number} is about"]
    return missing


def reading_of(form: ReadingForm, rows: Sequence[Row]) -> Reading:
    """The reading of a form without mistakes."""
    answers = form.model_dump(include=set(Reading.model_fields))
    return Reading(**answers, false=tuple(FalseStatement(kind=Falsehood(kind), what=words) for kind, words in rows))


def _is_kind(kind: str) -> bool:
    return kind in set(Falsehood)


_ASKED = {
    "verdict": "what you would do with it",
    "sense": "whether it makes sense",
    "subject": "how its subject line is",
    "choice": "how good the reason to write is",
}

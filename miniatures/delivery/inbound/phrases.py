"""What is said in the languages of Europe's inboxes, as one pattern for each thing that may be said.

The words are data (`phrases.yaml`): whoever speaks a language mends its lines without reading code.
"""

from __future__ import annotations

import re
from enum import StrEnum
from functools import cache
from pathlib import Path

import yaml

_FILE = Path(__file__).with_name("phrases.yaml")


class Said(StrEnum):
    """Each group of phrases; the file says what it is."""

    OPT_OUT = "opt_out"
    OPT_OUT_COMMAND = "opt_out_command"
    COURTESY = "courtesy"
    AWAY = "away"
    GONE = "gone"
    INSTEAD = "instead"
    AUTOMATIC_SUBJECT = "automatic_subject"
    ABSENCE_SUBJECT = "absence_subject"
    CLOSING = "closing"
    SENT_FROM = "sent_from"
    DISCLAIMER = "disclaimer"
    GREETING = "greeting"
    WROTE = "wrote"
    FROM_LABEL = "from_label"
    FURTHER_LABEL = "further_label"
    EARLIER = "earlier"
    UNDELIVERED = "undelivered"
    STILL_TRYING = "still_trying"
    BACK = "back"
    LAST_DAY = "last_day"
    FIRST_DAY = "first_day"
    ARTICLE = "article"
    WEEKDAY = "weekday"


@cache
def pattern(said: Said, before: str = "", after: str = "") -> re.Pattern[str]:
    """All ways of saying it, from where a word begins; `before` and `after` are patterns of what stands around it."""
    return re.compile(rf"{before}{either(said)}{after}", re.IGNORECASE)


def either(said: Said) -> str:
    """The same as part of a larger pattern."""
    lines = [line for text in _phrases()[said].values() for line in text.splitlines()]
    return rf"(?<!\w)(?:{'|'.join(lines)})"


@cache
def _phrases() -> dict[str, dict[str, str]]:
    read: dict[str, dict[str, str]] = yaml.safe_load(_FILE.read_text("utf-8"))
    return read


def flat(text: str, most: int) -> str:
    """The beginning of a text with all white space as single spaces, as the phrases are held against it."""
    return " ".join(text[:most].split())

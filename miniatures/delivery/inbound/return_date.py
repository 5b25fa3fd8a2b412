"""The day on which somebody who is away is back, as their note names it in one of many ways.

A note names a day of return, a last day of absence, or both ends of it. Which of them a date is, is told by the words
around it. A day that lies behind the note, or more than 400 days ahead, is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from enum import IntEnum
from functools import cache
from itertools import islice, pairwise
from typing import NamedTuple

from miniatures.delivery.inbound.named_dates import NamedDate, named_dates
from miniatures.delivery.inbound.phrases import Said, either, pattern

MOST_AHEAD = timedelta(days=400)
_DASH = re.compile(r"[-\u2013\u2014]\s*$")
_END_OF_CLAUSE = re.compile(r"[!?;]\s|[^\W\d_]{3,}\.\s|\d{4}")
_END_OF_SENTENCE = re.compile(r"[.;!?](?:\s|$)|,")
_MOST_DATES = 12
_NEAR = 60


class _Part(IntEnum):
    """What a date is in a note; the first that there is decides."""

    BACK = 0
    LAST = 1
    BARE = 2
    FIRST = 3


class _Told(NamedTuple):
    day: date
    part: _Part


def return_date(text: str, sent: datetime) -> date | None:
    """The first day on which they are back; None if the text, of a mail that was sent then, names none to come."""
    flat = " ".join(text.split())
    told = list(_dates(flat, sent)) or list(_weekdays(flat, sent.date()))
    coming = [one for one in told if sent.date() <= one.day <= sent.date() + MOST_AHEAD]
    part = min((one.part for one in coming), default=_Part.FIRST)
    if part is _Part.FIRST:
        return None
    day = max(one.day for one in coming if one.part is part)
    back = day if part is _Part.BACK else day + timedelta(days=1)
    return back if back > sent.date() else None


def _dates(text: str, sent: datetime) -> Iterator[_Told]:
    """Each date that the text names, and what it is there."""
    found = list(islice(named_dates(text, sent), _MOST_DATES))
    end = NamedDate(date.max, len(text), len(text))
    for one, following in pairwise([*found, end]):
        yield _Told(one.day, _part(text, one.start, one.end, following.start))


def _weekdays(text: str, today: date) -> Iterator[_Told]:
    """Days that are called by their name alone, where the words around them say that one is back or away by then."""
    for match in islice(pattern(Said.WEEKDAY, after=r"\b").finditer(text), _MOST_DATES):
        part = _part(text, match.start(), match.end(), len(text))
        if part in (_Part.BACK, _Part.LAST):
            yield _Told(_next_weekday(match[0].lower(), today), part)


def _part(text: str, start: int, end: int, until: int) -> _Part:
    """By the words before it and, as German says it, those after it in the same sentence."""
    before = _END_OF_CLAUSE.split(text[max(0, start - _NEAR) : start])[-1]
    after = _END_OF_SENTENCE.split(text[end : min(until, end + _NEAR)], maxsplit=1)[0]
    if _DASH.search(before) or pattern(Said.LAST_DAY, after=_to_the_date()).search(before):
        return _Part.LAST
    if pattern(Said.BACK).search(before) or pattern(Said.BACK).search(after):
        return _Part.BACK
    return _Part.FIRST if pattern(Said.FIRST_DAY, after=_to_the_date()).search(before) else _Part.BARE


@cache
def _to_the_date() -> str:
    return rf"(?!\w),?\s*(?:{either(Said.ARTICLE)}[,.]?\s+){{0,3}}$"


def _next_weekday(name: str, today: date) -> date:
    """The next day of this name; a word for tomorrow is none of a weekday."""
    number = _weekday_numbers().get(name)
    ahead = 1 if number is None else (number - today.weekday() - 1) % 7 + 1
    return today + timedelta(days=ahead)


@cache
def _weekday_numbers() -> dict[str, int]:
    days = (
        "monday montag lundi lunes lunedì maandag måndag poniedziałek segunda-feira",
        "tuesday dienstag mardi martes martedì dinsdag tisdag wtorek terça-feira",
        "wednesday mittwoch mercredi miércoles mercoledì woensdag onsdag środę quarta-feira",
        "thursday donnerstag jeudi jueves giovedì donderdag torsdag czwartek quinta-feira",
        "friday freitag vendredi viernes venerdì vrijdag fredag piątek sexta-feira",
        "saturday samstag",
        "sunday sonntag",
    )
    return {name: number for number, names in enumerate(days) for name in names.split()}

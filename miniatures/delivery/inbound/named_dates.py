"""The dates that a text names, in figures and in words of European languages.

A date without a year is the next one of its kind. Which of two figures is the month is told by where its author is:
only in America it comes first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import cache
from typing import NamedTuple

from miniatures.checks.word_list import listed_table

_SHORT = {
    1: "jan ene gen sty",
    2: "feb febr fév févr fev lut",
    3: "mar mär mrt",
    4: "apr avr abr kwi",
    5: "may maj mag",
    6: "jun giu cze",
    7: "jul juil lug lip",
    8: "aug ago sie",
    9: "sep sept wrz",
    10: "oct okt ott paź",
    11: "nov lis",
    12: "dec dez déc dic gru",
}
_NO_YEAR = r"(?<=\d)\.(?!\d)|(?:(?<=/\d\d)|(?<=/\d))(?![/\d])"
"""How two figures end that are a date without a year: 14.12. or 14/12."""
_ORDINAL = r"(?:st|nd|rd|th|er|[º°ª]|\.|:e)?"
_RANGE = r"(?:\d{1,2}\s?[-\u2013]\s?)?"
_NEXT_YEAR = timedelta(days=300)
"""What would be later than this, of a date without a year, was meant as one that has passed."""


class NamedDate(NamedTuple):
    """A date, and where in the text it stands."""

    day: date
    start: int
    end: int


def named_dates(text: str, today: datetime) -> Iterator[NamedDate]:
    """Every date that the text, written at this moment, names; one that no calendar has is passed over."""
    for match in _pattern().finditer(text):
        day = _day(match, today)
        if day is not None:
            yield NamedDate(day, *match.span())


@cache
def _months() -> dict[str, int]:
    names = {name: int(number) for number, names in listed_table("month_names").items() for name in names.split()}
    return names | {short: number for number, shorts in _SHORT.items() for short in shorts.split()}


@cache
def _pattern() -> re.Pattern[str]:
    either = "|".join(sorted(map(re.escape, _months()), key=len, reverse=True))
    word = rf"(?:{either})"
    forms = (
        r"(?P<year1>20\d\d)-(?P<month1>\d{1,2})-(?P<day1>\d{1,2})(?!\d)",
        rf"(?P<one>\d{{1,2}})(?P<mark>[./-])(?P<other>\d{{1,2}})(?:(?P=mark)(?P<year2>20\d\d|\d\d)(?!\d)|{_NO_YEAR})",
        rf"(?P<day3>\d{{1,2}}){_ORDINAL}\s*(?:of\s+|de\s+)?(?P<month3>{word})\b\.?(?:,?\s+(?:de\s+)?(?P<year3>20\d\d))?",
        rf"\b(?P<month4>{word})\.?\s+{_RANGE}(?P<day4>\d{{1,2}}){_ORDINAL}(?![\d:])(?:,?\s+(?P<year4>20\d\d))?",
    )
    return re.compile(rf"(?<![\d:/+])(?<!\d[.,])(?:{'|'.join(forms)})", re.IGNORECASE)


def _day(match: re.Match[str], today: datetime) -> date | None:
    named = match.groupdict()
    year = next((named[f"year{form}"] for form in (1, 2, 3, 4) if named[f"year{form}"]), None)
    if named["one"]:
        day, month = _in_order(int(named["one"]), int(named["other"]), today)
    else:
        form = next(form for form in (1, 3, 4) if named[f"day{form}"])
        month = _month(named[f"month{form}"])
        day = int(named[f"day{form}"])
    return _of_year(int(year) % 100 + 2000, month, day) if year else _next(month, day, today.date())


def _month(word: str) -> int:
    return int(word) if word.isdigit() else _months()[word.lower()]


def _in_order(one: int, other: int, today: datetime) -> tuple[int, int]:
    """Day and month; by the zone of its author's clock where both figures may be either."""
    offset = today.utcoffset()
    is_american = offset is not None and offset <= timedelta(hours=-4)
    return (other, one) if other > 12 or (is_american and one <= 12) else (one, other)


def _next(month: int, day: int, today: date) -> date | None:
    """The next such day; None if it was meant as one that has passed."""
    found = (_of_year(year, month, day) for year in (today.year, today.year + 1))
    coming = next((one for one in found if one is not None and one >= today), None)
    return coming if coming is not None and coming - today <= _NEXT_YEAR else None


def _of_year(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None

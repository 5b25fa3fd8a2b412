"""Says how long ago the dates in a text were: a small reader compares no calendars, but knows what "2 years ago" is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

_MONTH_STARTS = (
    "jan ene gen sty led tam",
    "feb fev fév lut hel",
    "mar mär maa mrt",
    "apr abr avr kwi huh",
    "may mai mag mei maj mayo tou",
    "jun juin giu cze kes",
    "jul juil lug lip hei",
    "aug ago aoû sie elo",
    "sep set wrz syy",
    "oct okt ott out paź lok",
    "nov lis",
    "dec dez dic déc des gru jou",
)
_MONTHS = {start: month for month, starts in enumerate(_MONTH_STARTS, start=1) for start in starts.split()}
_WORD = r"(?P<month>[^\W\d_]{3,12})\.?"
_YEAR = r"(?P<year>20\d\d)"
_FORMS = tuple(
    re.compile(form)
    for form in (
        rf"\b{_YEAR}-(?P<number>\d\d)-(?P<day>\d\d)\b",
        rf"\b(?P<day>\d{{1,2}})[./](?P<number>\d{{1,2}})[./]{_YEAR}\b",
        rf"\b(?P<day>\d{{1,2}})(?:st|nd|rd|th|\.|º|er)?(?: de)? {_WORD}(?: de)?,? {_YEAR}\b",
        rf"\b{_WORD} (?P<day>\d{{1,2}}),? {_YEAR}\b",
        rf"\b{_WORD}(?: de| del)? {_YEAR}\b",
        r"\b(?P<year>(?:19|20)\d\d)\b",
    )
)
MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
_BARE_MONTH = re.compile(
    rf"\b(?!May\b)(?:{MONTHS})\b"
    r"|\b(?:in|of|since|from|by|until|\d) May\b"
)
"""A month whose year is left to the reader."""
_NAMED = rf"(?:{MONTHS}|(?:Jan|Feb|Mar|Apr|Aug|Sept?|Oct|Nov|Dec)\b)\.?"
_YEARLESS = tuple(
    re.compile(form)
    for form in (
        rf"\b(?P<day>\d{{1,2}})(?:st|nd|rd|th)? (?P<month>{_NAMED})(?!,? 20\d\d)",
        rf"\b(?P<month>{_NAMED}) (?P<day>\d{{1,2}})(?:st|nd|rd|th)?\b(?!,? 20\d\d|[.:]\d)",
    )
)
"""A day whose year is left to the reader."""
_OPEN_TIME = re.compile(
    rf"{_BARE_MONTH.pattern}|\b(?:spring|summer|autumn|fall|winter|Christmas|Easter|term|season|quarter)\b"
)
_EITHER_ORDER = re.compile(rf"\b(?:0?[1-9]|1[0-2])/(?:0?[1-9]|1[0-2])/{_YEAR}\b")
_MID_MONTH, _MONTHS_A_YEAR = 15, 12
_DATELINE_WORDS = 6
_WEEK, _MONTH, _YEAR_DAYS = 7, 30, 365
_FEW, _MANY = 60, 760
"""Days below which weeks are counted, and months."""


def ages(text: str, today: date) -> str:
    """The age of each date in the text, each once, such as "3 weeks ago, next year"; empty without one."""
    told = [_aged(found, today) for found in _dates(text)]
    if not told and _BARE_MONTH.search(text):
        told = ["a month"]
    return ", ".join(dict.fromkeys(told))


def is_dateline(text: str) -> bool:
    """Whether it is little more than a date, as stands over an entry of a diary or a list of news."""
    return len(text.split()) <= _DATELINE_WORDS and names_date(text)


def names_date(text: str) -> bool:
    """Whether the text names a day, a month of a year or a year."""
    return next(_dates(text), None) is not None


def first_day(text: str) -> date | None:
    """The first day that the text names, not as 10/06/2026, which is a day of June in one country and of October in
    another; None where it names a month at most.
    """
    text = _EITHER_ORDER.sub("", text)
    stated = (match.groupdict() for form in _FORMS if "day" in form.groupindex for match in form.finditer(text))
    return next((found for parts in stated if isinstance(found := _read(parts), date)), None)


def days_named(text: str, near: date) -> Iterator[date]:
    """The days that the text names, months by their middle; of a day without a year that which is nearest to `near`."""
    yield from (found for found in _dates(text) if isinstance(found, date))
    for match in (match for form in _YEARLESS for match in form.finditer(text)):
        years = (str(near.year + ahead) for ahead in (-1, 0, 1))
        days = [day for year in years if isinstance(day := _read({**match.groupdict(), "year": year}), date)]
        yield from [min(days, key=lambda day: abs(day - near))] if days else []


def names_open_time(text: str) -> bool:
    """Whether the text names a time that is no day here: a month without its year, a season, a feast."""
    for form in (*_FORMS, *_YEARLESS):
        text = form.sub("", text)
    return _OPEN_TIME.search(text) is not None


def age(day: date, today: date) -> str:
    """How long ago the day was, or how far ahead it is, in a few words."""
    days = (today - day).days
    if 0 <= days <= _WEEK:
        return "this week"
    size = abs(days)
    if size < _FEW:
        count, unit = max(1, size // _WEEK), "weeks"
    elif size < _MANY:
        count, unit = size // _MONTH, "months"
    else:
        count, unit = size // _YEAR_DAYS, "years"
    return f"{count} {unit} ago" if days > 0 else f"in {count} {unit}"


def _aged(found: date | int, today: date) -> str:
    if isinstance(found, date):
        return age(found, today)
    match today.year - found:
        case 0:
            return "this year"
        case 1:
            return "last year"
        case -1:
            return "next year"
        case years:
            return f"{years} years ago" if years > 0 else f"in {-years} years"


def _dates(text: str) -> Iterator[date | int]:
    """The days that the text names in their order, months by their middle, and the years that stand alone."""
    found: dict[int, tuple[int, date | int]] = {}
    for form in _FORMS:
        for match in form.finditer(text):
            start, end = match.span()
            if any(start < other_end and other_start < end for other_start, (other_end, _) in found.items()):
                continue
            read = _read(match.groupdict())
            if read is not None:
                found[start] = end, read
    yield from (read for _, (_, read) in sorted(found.items()))


def _read(parts: dict[str, str | None]) -> date | int | None:
    year = int(parts["year"] or 0)
    if "month" not in parts and "number" not in parts:
        return year
    named = (parts.get("month") or "").casefold()
    month = int(parts.get("number") or 0) or _MONTHS.get(named[:4]) or _MONTHS.get(named[:3]) or 0
    day = int(parts.get("day") or _MID_MONTH)
    if month > _MONTHS_A_YEAR:
        day, month = month, day
    try:
        return date(year, month, day)
    except ValueError:
        return None

"""When a page says it was published. Only what the page states counts: a wrong date makes stale news look fresh."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from lxml.html import HtmlElement

_META_NAMES = (
    "article:published_time",
    "og:published_time",
    "datepublished",
    "date.issued",
    "dcterms.issued",
    "dcterms.created",
    "dc.date.issued",
    "dc.date",
    "dcterms.date",
    "citation_publication_date",
    "citation_date",
    "parsely-pub-date",
    "sailthru.date",
    "publish_date",
    "publish-date",
    "pubdate",
    "publication_date",
    "date",
)
_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_MONTH = r"(?P<month>" + "|".join(f"{name[:3]}(?:{name[3:]})?" for name in _MONTHS) + r"|sept)\.?"
_DAY_FIRST = re.compile(rf"\b(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\s+{_MONTH},?\s+(?P<year>\d{{4}})\b", re.IGNORECASE)
_MONTH_FIRST = re.compile(rf"\b{_MONTH}\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<year>\d{{4}})\b", re.IGNORECASE)
_ISO = re.compile(r"\b(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})\b")
_DATE_CLASS = re.compile(
    r"(?:^|[\s_-])(?:date|published|pubdate|posted|dateline|byline|meta)(?:$|[\s_-]|on\b)", re.IGNORECASE
)
_LONGEST_DATE_LINE = 80
_IN_BODY = "//body//*[not(ancestor-or-self::nav or ancestor-or-self::aside or ancestor-or-self::footer)]/self::"
_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)


def published_at(root: HtmlElement, now: datetime | None = None) -> datetime | None:
    """The publication time that the page states: JSON-LD, meta elements, a time element, or a line marked as the date.

    Null if it states none, or several different ones in its text, or one that cannot be (before 1990, or more
    than a day from now). Days without a time zone are taken as UTC.
    """
    latest = (now or datetime.now(UTC)) + timedelta(days=1)
    for stated in (_from_json_ld(root), _from_meta(root), _from_time_elements(root), _from_date_lines(root)):
        found = next((date for date in stated if _EARLIEST <= date <= latest), None)
        if found is not None:
            return found
    return None


def _from_json_ld(root: HtmlElement) -> Iterator[datetime]:
    for script in root.xpath("//script[contains(@type, 'ld+json')]"):
        try:
            content = json.loads(script.text or "")
        except (ValueError, RecursionError):
            continue
        for value in _values(content, "datePublished"):
            yield from _parsed(value)


def _values(content: Any, key: str, depth: int = 0) -> Iterator[str]:
    if depth > 8:
        return
    if isinstance(content, dict):
        if isinstance(content.get(key), str):
            yield content[key]
        content = list(content.values())
    if isinstance(content, list):
        for item in content[:200]:
            yield from _values(item, key, depth + 1)


def _from_meta(root: HtmlElement) -> Iterator[datetime]:
    metas = {
        (meta.get("property") or meta.get("name") or meta.get("itemprop") or "").lower(): meta.get("content", "")
        for meta in root.iter("meta")
    }
    for name in _META_NAMES:
        yield from _parsed(metas.get(name, ""))


def _from_time_elements(root: HtmlElement) -> Iterator[datetime]:
    for element in root.xpath("//*[@itemprop='datePublished' or @pubdate]"):
        yield from _parsed(element.get("datetime") or element.get("content") or element.text_content())
    yield from _agreed(element.get("datetime") or element.text_content() for element in root.xpath(_IN_BODY + "time"))


def _from_date_lines(root: HtmlElement) -> Iterator[datetime]:
    marked = root.xpath(_IN_BODY + "*[@class or @id]")
    names = (f"{element.get('class', '')} {element.get('id', '')}" for element in marked)
    lines = (
        " ".join(element.text_content().split())
        for element, name in zip(marked, names, strict=True)
        if _DATE_CLASS.search(name)
    )
    yield from _agreed(line for line in lines if len(line) <= _LONGEST_DATE_LINE)


def _agreed(texts: Iterable[str]) -> Iterator[datetime]:
    """The one day that all the texts name; nothing if they name several, as on a page that lists articles."""
    dates = [date for text in texts for date in _parsed(text)]
    if len({date.date() for date in dates}) == 1:
        yield dates[0]


def _parsed(text: str) -> Iterator[datetime]:
    """The date in a text that is a date, or a short line around one; nothing if it is ambiguous like 03/04/2026."""
    text = text.strip()
    for parse in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            date = parse(text)
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
        yield date.replace(tzinfo=UTC) if date.tzinfo is None else date
        return
    for pattern in (_ISO, _DAY_FIRST, _MONTH_FIRST):
        if found := pattern.search(text[:_LONGEST_DATE_LINE]):
            yield from _day(found)
            return


def _day(found: re.Match[str]) -> Iterator[datetime]:
    month = found["month"]
    number = int(month) if month.isdigit() else 1 + [name[:3] for name in _MONTHS].index(month[:3].lower())
    try:
        yield datetime(int(found["year"]), number, int(found["day"]), tzinfo=UTC)
    except ValueError:
        return

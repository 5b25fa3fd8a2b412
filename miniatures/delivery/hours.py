"""When somebody is at work by their own clock: mail that arrives at night is read late, and looks like a machine's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from importlib import resources
from zoneinfo import ZoneInfo

from miniatures.datamodel.message import Message
from miniatures.datamodel.send_settings import Hours

_DAYS_AHEAD = 8
"""Of eight days at least one is of a named weekday."""


def zone_of(message: Message, hours: Hours) -> ZoneInfo:
    """The recipient's time zone: named, or the most populous one of their country, else the campaign's."""
    for name in (message.timezone, _zones().get(message.country.upper(), "")):
        if name:
            try:
                return ZoneInfo(name)
            except (OSError, ValueError, KeyError):
                continue
    return ZoneInfo(hours.timezone)


def next_opening(hours: Hours, zone: ZoneInfo, moment: datetime) -> datetime:
    """The moment itself if it is in working hours there, else when they begin next, in UTC."""
    local = moment.astimezone(zone)
    for ahead in range(_DAYS_AHEAD):
        day = (local + timedelta(days=ahead)).date()
        opens = datetime.combine(day, hours.opens, zone)
        closes = datetime.combine(day, hours.closes, zone)
        if day.weekday() in hours.weekdays and local < closes:
            return max(opens, local).astimezone(UTC)
    raise AssertionError("a week has none of the named days")


@cache
def _zones() -> dict[str, str]:
    """The first time zone of each country (ISO 3166) in the IANA's table, which puts populous ones first."""
    table = resources.files("tzdata.zoneinfo").joinpath("zone.tab").read_text(encoding="utf-8")
    found: dict[str, str] = {}
    for line in table.splitlines():
        if line and not line.startswith("#"):
            country, _, zone = line.split("\t")[:3]
            found.setdefault(country, zone)
    return found

"""When an email that was put off is tried again, and how long a provider that is busy is left alone."""

from __future__ import annotations

from datetime import datetime, timedelta

from miniatures.datamodel.message import ServerReply

_WAITS = tuple(timedelta(minutes=minutes) for minutes in (5, 15, 45, 120, 240, 480, 960))
"""Greylisting opens within minutes; a server that is down for longer is tried for more than a day."""
_SLOW_DOWN = (421, 450, 454)
_FIRST_REST = timedelta(minutes=1)
_LONGEST_REST = timedelta(hours=1)


def next_try(attempts: int, now: datetime) -> datetime | None:
    """When to try again after so many attempts; None when it is given up."""
    return now + _WAITS[attempts - 1] if attempts <= len(_WAITS) else None


def asks_for_less(reply: ServerReply) -> bool:
    """Whether it says that the provider is to be left alone for a while."""
    return reply.code in _SLOW_DOWN


def provider_rest(in_a_row: int) -> timedelta:
    """How long nothing is sent to a provider that has asked for less so often in a row."""
    rest: timedelta = _FIRST_REST * 2 ** min(in_a_row - 1, 6)
    return min(rest, _LONGEST_REST)

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


def provider_rest(reply: ServerReply, attempts: int) -> timedelta | None:
    """How long nothing is sent to the provider after a reply that asks for less; None if it does not."""
    if reply.code not in _SLOW_DOWN:
        return None
    rest: timedelta = _FIRST_REST * 2 ** (attempts - 1)
    return min(rest, _LONGEST_REST)

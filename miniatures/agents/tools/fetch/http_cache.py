"""Fetched replies on disk, so that a second run on the same day asks no site again.

A page about a company changes by the day, not by the minute: a reply is fresh for a day, longer if the site says so
(max-age, up to a week), and then asked for again with its ETag or Last-Modified. `no-store` is obeyed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import httpx
from pydantic import AwareDatetime, Field, ValidationError

from miniatures.agents.tools.disk_cache import DiskCache
from miniatures.agents.tools.fetch.download import Reply
from miniatures.datamodel.frozen import Frozen

DAY_S = 24 * 3600.0
WEEK_S = 7 * DAY_S

_KEPT_STATUSES = frozenset({200, 203, 301, 302, 303, 307, 308, 404, 410})
_KEPT_HEADERS = ("content-type", "location", "etag", "last-modified", "cache-control")


@dataclass(frozen=True)
class KeptReply:
    """A reply and when it came, or was last confirmed by the site."""

    reply: Reply
    fetched_at: datetime
    is_fresh: bool = True

    @property
    def conditions(self) -> dict[str, str]:
        """Headers that ask the site whether its page is still this one."""
        asked = {"If-None-Match": "etag", "If-Modified-Since": "last-modified"}
        return {header: self.reply.headers[ours] for header, ours in asked.items() if ours in self.reply.headers}


class _Head(Frozen):
    """The first line of an entry; the body follows as it came."""

    status: int = Field(ge=100, le=999)
    headers: dict[str, str]
    fetched_at: AwareDatetime


class HttpCache:
    """Replies by URL; without a disk cache it remembers nothing."""

    def __init__(self, disk: DiskCache | None) -> None:
        self._disk = disk

    async def get(self, url: httpx.URL) -> KeptReply | None:
        """The kept reply, fresh or not, or None."""
        entry = await self._disk.get(f"GET {url}") if self._disk else None
        if entry is None:
            return None
        head, _, body = entry[0].partition(b"\n")
        try:
            kept = _Head.model_validate_json(head)
        except ValidationError:  # the cache of another version, or one that somebody sent
            return None
        reply = Reply(kept.status, kept.headers, body)
        return KeptReply(reply, kept.fetched_at, entry[1] < freshness_s(reply.headers.get("cache-control", "")))

    async def put(self, url: httpx.URL, reply: Reply) -> KeptReply:
        """Keep a reply that came just now, if it may be kept."""
        kept = KeptReply(reply, datetime.now(UTC))
        may_keep = reply.status in _KEPT_STATUSES and freshness_s(reply.headers.get("cache-control", "")) > 0
        if self._disk and may_keep:
            headers = {name: reply.headers[name] for name in _KEPT_HEADERS if name in reply.headers}
            head = _Head(status=reply.status, headers=headers, fetched_at=kept.fetched_at)
            await self._disk.put(f"GET {url}", head.model_dump_json().encode() + b"\n" + reply.body)
        return kept


def freshness_s(cache_control: str) -> float:
    """Seconds for which a reply is used without asking again; 0 if it must not be kept."""
    directives = [directive.strip().lower() for directive in cache_control.split(",")]
    if "no-store" in directives:
        return 0.0
    ages = [directive.partition("=")[2].strip('" ') for directive in directives if directive.startswith("max-age=")]
    stated = max((float(age) for age in ages if age.isascii() and age.isdigit()), default=0.0)
    return min(max(stated, DAY_S), WEEK_S)

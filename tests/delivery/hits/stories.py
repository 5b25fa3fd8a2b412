"""Hits as stories tell them: who asked for what, so many seconds after the email was sent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from miniatures.datamodel.hit import Hit, HitKind

SENT = datetime(2026, 10, 5, 9, 0, tzinfo=UTC)
HOUR = 3600.0
HALF_AN_HOUR = 1800.0
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:144.0) Gecko/20100101 Firefox/144.0"
CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"
)
GMAIL = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
THUNDERBIRD = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Thunderbird/140.4.0"
SAFARI = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 "
    "Mobile/15E148 Safari/604.1"
)
APPLE = "Mozilla/5.0"
GMAIL_AHEAD = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/42.0.2311.135 "
    "Safari/537.36 Edge/12.246 Mozilla/5.0"
)
READER, GATEWAY, GATEWAY_2, GATEWAY_3 = "203.0.113.7", "198.51.100.20", "192.0.2.30", "192.0.2.230"


def hit(kind: HitKind, after: float, address: str = READER, agent: str = FIREFOX, **fields: object) -> Hit:
    plain = {"campaign": "autumn", "prospect": "p", "message": "m", "kind": kind, "at": SENT + timedelta(seconds=after)}
    return Hit.model_validate(plain | {"address": address, "user_agent": agent} | fields)


def opened(after: float, address: str = READER, agent: str = FIREFOX, **fields: object) -> Hit:
    return hit(HitKind.OPEN, after, address, agent, **fields)


def clicked(after: float, link: int = 1, address: str = READER, agent: str = FIREFOX, **fields: object) -> Hit:
    return hit(HitKind.CLICK, after, address, agent, link=link, **fields)

"""The rules as data, and the version that names exactly these rules and the code that applies them."""

from __future__ import annotations

import re
from datetime import timedelta
from functools import cache, cached_property
from hashlib import sha256
from ipaddress import IPv4Network, IPv6Network, ip_address
from pathlib import Path

import yaml
from pydantic import Field

from miniatures.datamodel.frozen import Strict
from miniatures.datamodel.hit import Hit

_HERE = Path(__file__).parent
_MADE_OF = ("rules.yaml", "rules.py", "scans.py", "reading.py", "classify.py")


class Agents(Strict):
    """What programs call themselves: parts of a user agent, in lower case."""

    scanners: tuple[str, ...]
    tools: tuple[str, ...]
    previews: tuple[str, ...]
    prefetchers: tuple[str, ...]
    image_proxies: tuple[str, ...]
    apple: str = Field(description="The whole of it.")
    safari: str
    other_safaris: tuple[str, ...]
    office: tuple[str, ...]
    mail_programs: tuple[str, ...]
    oldest_chrome: int
    oldest_firefox: int


class Networks(Strict):
    """What networks are called: patterns that begin and end at a word."""

    security: tuple[str, ...]
    shared: tuple[str, ...]
    hosting: tuple[str, ...]
    private: tuple[str, ...]
    carriers: tuple[str, ...]


class Burst(Strict):
    """So many different targets within so many seconds."""

    within_s: float
    targets: int


class Rules(Strict):
    """All of them. Durations are in seconds."""

    agents: Agents
    networks: Networks
    ranges: dict[IPv4Network | IPv6Network, str]
    looking_ahead: tuple[str, ...]
    looking_ahead_words: tuple[str, ...]
    early_s: float
    soon_s: float
    checked_s: float
    burst: tuple[Burst, ...]
    scattered: tuple[Burst, ...]
    whole_email_s: float
    whole_email_links: int
    scan_tail_s: float
    with_scan_s: float
    click_check_s: float
    pair_s: float
    hand_s: float
    reading_s: float

    @cached_property
    def security(self) -> re.Pattern[str]:
        return _any_of(self.networks.security)

    @cached_property
    def shared(self) -> re.Pattern[str]:
        return _any_of(self.networks.shared)

    @cached_property
    def hosting(self) -> re.Pattern[str]:
        return _any_of(self.networks.hosting)

    @cached_property
    def private(self) -> re.Pattern[str]:
        return _any_of(self.networks.private)

    @cached_property
    def carriers(self) -> re.Pattern[str]:
        return _any_of(self.networks.carriers)

    def network_of(self, hit: Hit) -> str:
        """Whose network a hit came from, as far as that was looked up or is public; empty if it is not known."""
        if hit.network is not None or not hit.address:
            return hit.network or ""
        address = ip_address(hit.address)
        return next((owner for network, owner in self.ranges.items() if address in network), "")


@cache
def known_rules() -> Rules:
    """The rules of this package."""
    return Rules.model_validate(yaml.safe_load((_HERE / "rules.yaml").read_text(encoding="utf-8")))


def seconds(length: float) -> timedelta:
    """So many of them."""
    return timedelta(seconds=length)


def _any_of(patterns: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(patterns)})\b", re.IGNORECASE)


RULES_VERSION = sha256(b"\0".join((_HERE / name).read_bytes() for name in _MADE_OF)).hexdigest()[:12]
"""Names the rules that a class was given by: it changes with anything that may change a class."""

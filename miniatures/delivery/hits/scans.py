"""Finds the scans among the hits of one email: requests that no one hand makes, by how they lie in time.

A single request seldom gives a scanner away, since it calls itself a browser; that it asks for everything at once does.
Whoever made a scan is known by address and agent afterwards, and for a while by address alone: behind one address there
may be a gateway and, later, the person whose mail it checks.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address, ip_network
from itertools import pairwise

from miniatures.datamodel.hit import Hit, HitKind
from miniatures.delivery.hits.rules import Rules, seconds

FOLLOWED = (HitKind.CLICK, HitKind.UNSUBSCRIBE_VIEW)
HIDDEN_LINK = 0
"""The number of the link that nobody sees."""

_TRAP = "it followed the link that nobody sees"
_HEAD = "a browser asks for the page and not for its head alone"
_BURST = "several links were followed at once from one network"
_SCATTERED = "several links were followed at once from several networks"
_WHOLE = "every link of the email was followed within seconds"
_SAME = "the same program at the same address scanned the email"
_TAIL = "a scan had come from the same address just before"
_BESIDE = "it came in the midst of a scan"
_ALONE = (_TRAP, _HEAD)
"""What a hit gives away by itself; it takes part in a burst all the same."""

_Placed = tuple[int, Hit]


@dataclass(frozen=True)
class _Window:
    """How many different targets within how many seconds are a scan."""

    length: float
    targets: int
    why: str


def scans(hits: Sequence[Hit], links: int | None, rules: Rules) -> dict[int, str]:
    """The places of the hits that belong to a scan, each with why. `hits` are one email's, in time order.

    Args:
        links: how many links the email has, without the hidden one; null if that is not known.
        rules: the rules to apply.
    """
    followed = [(place, hit) for place, hit in enumerate(hits) if hit.kind in FOLLOWED]
    found = {place: why for place, hit in enumerate(hits) if (why := _alone(hit, rules))}
    whole = [_Window(rules.whole_email_s, links, _WHOLE)] if links and links >= rules.whole_email_links else []
    at_once = [_Window(one.within_s, one.targets, _BURST) for one in rules.burst]
    scattered = [_Window(one.within_s, one.targets, _SCATTERED) for one in rules.scattered]
    _add_bursts(found, followed, [*at_once, *whole], lambda hit: _network(hit, rules))
    _add_bursts(found, followed, [*scattered, *whole], lambda hit: None)
    _add_company(found, hits, rules)
    return found


def checked_before(hits: Sequence[Hit], places: Iterable[int], rules: Rules) -> set[int]:
    """Of hits that might be a person's, by their places, the link checks: somebody else followed the same link after.

    Whoever asked for something of the email before is no check.
    """
    arrived = {hit.address: place for place, hit in reversed(list(enumerate(hits)))}
    followed = [place for place in places if hits[place].kind in FOLLOWED]
    return {
        place
        for place, after in pairwise(followed)
        if arrived[hits[place].address] == place and _is_check(hits[place], hits[after], rules)
    }


def pairs(hits: Sequence[Hit], places: Iterable[int], rules: Rules) -> set[int]:
    """Of hits that might be a person's, by their places, those by which two programs at neighbouring addresses followed
    one link at the same moment."""
    followed = [place for place in places if hits[place].kind in FOLLOWED]
    found = [pair for pair in pairwise(followed) if _is_pair(hits[pair[0]], hits[pair[1]], rules)]
    return {place for pair in found for place in pair}


def _is_check(first: Hit, second: Hit, rules: Rules) -> bool:
    """A machine for hire that comes second is no reader who was let through."""
    near = second.at - first.at <= seconds(rules.click_check_s)
    hired = rules.hosting.search(rules.network_of(second))
    return near and not hired and _target(first) == _target(second) and _are_two(first, second)


def _is_pair(first: Hit, second: Hit, rules: Rules) -> bool:
    at_once = second.at - first.at <= seconds(rules.pair_s) and _target(first) == _target(second)
    two = first.address != second.address and first.user_agent != second.user_agent
    return at_once and two and _network(first, rules) == _network(second, rules)


def _are_two(first: Hit, second: Hit) -> bool:
    """Whether two hits are of two programs, or of two networks."""
    networks = first.network, second.network
    elsewhere = all(networks) and networks[0] != networks[1]
    return first.address != second.address and (elsewhere or first.user_agent != second.user_agent)


def _alone(hit: Hit, rules: Rules) -> str | None:
    """Why a hit is a scan's by itself. Office asks for the head of what its user is about to follow."""
    if hit.kind is HitKind.CLICK and hit.link == HIDDEN_LINK:
        return _TRAP
    by_office = any(name in hit.user_agent.lower() for name in rules.agents.office)
    return _HEAD if hit.method == "HEAD" and not by_office else None


def _add_bursts(
    found: dict[int, str], followed: Iterable[_Placed], windows: Iterable[_Window], source: Callable[[Hit], Hashable]
) -> None:
    """Note the bursts of each source among what is part of none yet."""
    groups: dict[Hashable, list[_Placed]] = {}
    for place, hit in followed:
        if found.get(place) in (None, *_ALONE):
            groups.setdefault(source(hit), []).append((place, hit))
    for window in windows:
        for group in groups.values():
            for place in _burst(group, window):
                found.setdefault(place, window.why)


def _burst(group: Sequence[_Placed], window: _Window) -> set[int]:
    """The places within any stretch of that length with that many different targets."""
    targets: Counter[str] = Counter()
    within: set[int] = set()
    start = noted = 0
    for end, (_, hit) in enumerate(group):
        targets[_target(hit)] += 1
        while hit.at - group[start][1].at > seconds(window.length):
            targets[_target(group[start][1])] -= 1
            start += 1
        if len(+targets) >= window.targets:
            within.update(place for place, _ in group[max(start, noted) : end + 1])
            noted = end + 1
    return within


def _add_company(found: dict[int, str], hits: Sequence[Hit], rules: Rules) -> None:
    """Note what came with the scans: from the same program, from the same address soon after, or in their midst."""
    programs = {(hits[place].address, hits[place].user_agent) for place in found}
    moments = [hits[place].at for place in sorted(found)]
    beside = seconds(rules.with_scan_s)
    last: dict[str, datetime] = {}
    for place, hit in enumerate(hits):
        if place in found:
            last[hit.address] = hit.at
        elif (hit.address, hit.user_agent) in programs:
            found[place] = _SAME
        elif hit.address in last and hit.at - last[hit.address] <= seconds(rules.scan_tail_s):
            found[place] = _TAIL
        elif _fetched_at_hand(hit, rules) and any_between(moments, hit.at - beside, hit.at + beside):
            found[place] = _BESIDE


def any_between(moments: Sequence[datetime], start: datetime, end: datetime) -> bool:
    """Whether any of the moments, which are in order, is between these two or one of them."""
    following = bisect_left(moments, start)
    return following < len(moments) and moments[following] <= end


def _fetched_at_hand(hit: Hit, rules: Rules) -> bool:
    """Whether it is a picture that no mail provider fetched for its users."""
    agent = hit.user_agent.lower()
    proxied = agent == rules.agents.apple or any(name in agent for name in rules.agents.image_proxies)
    return hit.kind is HitKind.OPEN and not proxied


def _target(hit: Hit) -> str:
    return "unsubscribe" if hit.kind is HitKind.UNSUBSCRIBE_VIEW else str(hit.link)


def _network(hit: Hit, rules: Rules) -> str:
    """The network's owner where it is known; else the 256 addresses around it, or the IPv6 ones that share its half."""
    owner = rules.network_of(hit)
    if owner or not hit.address:
        return owner
    length = 24 if ip_address(hit.address).version == 4 else 64
    return str(ip_network(f"{hit.address}/{length}", strict=False))

"""What a site's robots.txt lets us read, and how slowly (RFC 9309, plus Crawl-delay).

The parser's time grows with robots named times rules given: it sees a bounded text in which all other robots are one.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import httpx

from miniatures.agents.tools.bounded import BoundedDict
from miniatures.agents.tools.fetch.download import Reply
from miniatures.agents.tools.fetching import FetchProblem, FetchStatus

_RULES_KEPT_S = 24 * 3600.0
_PROBLEM_KEPT_S = 300.0
_HOSTS_REMEMBERED = 1_024
_LARGEST = 512 * 1024
"""Bytes that are read of a robots.txt; the standard asks for 500 KiB at least."""
_MOST_LINES = 50_000
_LONGEST_LINE = 2_000
"""Characters; a longer line is no rule that anybody wrote by hand, and is left out."""
_AGENT_LINE = re.compile(r"\s*user[- ]?agent\b[\s:]*([^#]*)", re.IGNORECASE)
_OTHER_ROBOT = "another-robot"

_OF_THE_SITE = frozenset({FetchStatus.FAILED, FetchStatus.ADDRESS_REFUSED})
"""What keeps us from the whole site; robots.txt was only what was asked for first."""

ReadRobots = Callable[[httpx.URL], Awaitable[Reply]]


@dataclass
class _Known:
    rules: Any = None
    problem: FetchProblem | None = None
    until: float = 0.0


class Robots:
    """The rules of each site, read once a day. A site that cannot be asked counts as closed, for five minutes."""

    def __init__(self, user_agent: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._product = user_agent.partition("/")[0].strip() or "*"
        self._clock = clock
        self._known: BoundedDict[str, _Known] = BoundedDict(_HOSTS_REMEMBERED)

    async def check(self, url: httpx.URL, read: ReadRobots) -> float:
        """Return the pause in seconds that the site asks for between two requests, 0 if none.

        Raises:
            FetchProblem: the site does not want the page read, or its robots.txt could not be read.
        """
        known = await self._rules(url.copy_with(raw_path=b"/robots.txt"), read)
        if known.problem is not None:
            place = "" if known.problem.status in _OF_THE_SITE else "robots.txt: "
            raise FetchProblem(known.problem.status, place + known.problem.detail)
        if not known.rules.can_fetch(str(url), self._product):
            raise FetchProblem(FetchStatus.ROBOTS_DISALLOWED, "robots.txt asks not to read this page")
        return float(known.rules.crawl_delay(self._product) or 0.0)

    async def _rules(self, robots_url: httpx.URL, read: ReadRobots) -> _Known:
        known = self._known.get(str(robots_url), _Known)
        if known.until > self._clock():
            return known
        try:
            text = readable_rules(await read(robots_url), self._product)
            known.rules, known.problem = await asyncio.to_thread(_parse, text), None
            known.until = self._clock() + _RULES_KEPT_S
        except FetchProblem as problem:
            known.problem = problem
            known.until = self._clock() + _PROBLEM_KEPT_S
        return known


def readable_rules(reply: Reply, product: str) -> str:
    """What is to be parsed for us. None there (4xx) means that all may be read; a server in trouble, that nothing may.

    Raises:
        FetchProblem: the server is in trouble or asks for patience.
    """
    if reply.status == 429 or reply.status >= 500:
        raise FetchProblem(FetchStatus.BLOCKED, f"HTTP {reply.status}, so nothing is read for now")
    if not 200 <= reply.status < 300:
        return ""
    body = reply.body if len(reply.body) <= _LARGEST else reply.body[:_LARGEST].rpartition(b"\n")[0]
    lines = body.decode("utf-8-sig", "replace").splitlines()[:_MOST_LINES]
    return "\n".join(_with_robot_folded(line, product.lower()) for line in lines if len(line) <= _LONGEST_LINE)


def _with_robot_folded(line: str, product: str) -> str:
    named = _AGENT_LINE.match(line)
    if named is None:
        return line
    robot = named[1].strip().lower()
    is_ours = robot == "*" or robot.replace("*", "") in product
    return f"User-agent: {robot if is_ours else _OTHER_ROBOT}"


def _parse(text: str) -> Any:
    from protego import Protego

    return Protego.parse(text)

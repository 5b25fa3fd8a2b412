"""Lets somebody in by name and password, and tells nobody which of the two was wrong."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from concurrent.futures import ThreadPoolExecutor

from miniatures.app.door import Refused
from miniatures.app.web.passwords import fits
from miniatures.app.web.sign_in_limit import Clock, SignInLimit
from miniatures.app.web.users import Users, name_key
from miniatures.app.web.visitors import Visitor

_AT_ONCE = 2
"""Passwords that are checked at the same time: each takes 64 MB and a core meanwhile."""
_MOST_WAITING = 40
_FULL_S = 5.0
_log = logging.getLogger(__name__)


class SignIn:
    """Checks names and passwords, at a pace that leaves no room for guessing."""

    def __init__(self, users: Users, clock: Clock = time.monotonic) -> None:
        self._users = users
        self._limit = SignInLimit(clock)
        self._checkers = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="password")
        self._waiting = 0

    @property
    def offered(self) -> bool:
        """Whether anybody can sign in by name. Raises InputError: the file of the users is damaged."""
        return bool(self._users.all())

    async def let_in(self, name: str, password: str, address: str) -> Visitor:
        """The visitor of this name. `address` is where they ask from.

        Raises:
            Refused: the name or the password is wrong, or there were too many tries.
            InputError: the file of the users is damaged.
        """
        key = name_key(name)
        user = self._users.find(name)
        wait = _FULL_S if self._waiting >= _MOST_WAITING else self._limit.begin(key, address)
        if wait:
            raise _too_many(wait)
        if not await self._fits(password, user.password_hash if user else None):
            _log.warning("a sign-in failed: %s, from %s", user.name if user else "an unknown name", address)
            raise Refused(403, "wrong_password", "the name or the password is wrong")
        assert user is not None
        self._limit.succeeded(key, address)
        return Visitor(user.name, user.rights, by=user.password_hash)

    async def _fits(self, password: str, kept: str | None) -> bool:
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._checkers, fits, password, kept)
        finally:
            self._waiting -= 1


def _too_many(wait: float) -> Refused:
    seconds = max(1, math.ceil(wait))
    words = "1 second" if seconds == 1 else f"{seconds} seconds"
    return Refused(
        429, "too_many_tries", f"there were too many tries: wait {words}, then sign in again", retry_after_s=seconds
    )

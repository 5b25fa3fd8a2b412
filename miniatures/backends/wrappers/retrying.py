"""Asks again after errors that may pass: exponential backoff with jitter, the server's own wish, and an end.

Only errors whose type says `retryable` are tried again; a wrong key or a malformed request never is.
"""

from __future__ import annotations

import asyncio
import random
import time
from itertools import count

from pydantic import Field

from miniatures.backends.base import Backend
from miniatures.backends.errors import BackendError, RateLimited
from miniatures.backends.wrappers.call import Call
from miniatures.backends.wrappers.parts import Heard
from miniatures.backends.wrappers.wrapper import WrappedBackend
from miniatures.datamodel.frozen import Strict


class RetryPolicy(Strict):
    """How often and for how long."""

    attempts: int = Field(default=4, ge=1, description="Calls at most, the first included.")
    deadline_s: float = Field(default=300, gt=0, description="No attempt begins later than this after the first.")
    first_wait_s: float = Field(default=0.5, gt=0, description="Upper bound of the first wait; doubles each time.")
    longest_wait_s: float = Field(default=30, gt=0, description="Backoff never waits longer; a Retry-After may.")

    def wait_s(self, attempt: int, error: BackendError) -> float:
        """Seconds to wait after the attempt: half the backoff and a random part of the other half, at least what the
        server wished."""
        backoff = min(self.longest_wait_s, self.first_wait_s * 2.0 ** (attempt - 1))
        wish = error.retry_after_s if isinstance(error, RateLimited) else None
        return max(random.uniform(backoff / 2, backoff), wish or 0.0)

    def gives_up(self, attempt: int, begins_after_s: float) -> bool:
        """Whether there is no attempt after this one, which would begin so long after the first."""
        return attempt >= self.attempts or begins_after_s >= self.deadline_s


class RetryingBackend(WrappedBackend):
    """Retries `inner`. A stream is tried again only before its first chunk.

    The error that comes out in the end is the last one.
    """

    policy: RetryPolicy = RetryPolicy()

    def __init__(self, inner: Backend, *, policy: RetryPolicy | None = None) -> None:
        super().__init__(inner, policy=policy or RetryPolicy())

    async def around(self, call: Call) -> None:
        heard, started = Heard(), time.monotonic()
        call = call.heard_by(heard.note)
        for attempt in count(1):
            try:
                await call.ask(self.inner)
                return
            except BackendError as error:
                wait_s = self.policy.wait_s(attempt, error)
                over = self.policy.gives_up(attempt, time.monotonic() - started + wait_s)
                if over or heard.begun or not error.retryable:
                    raise
            await asyncio.sleep(wait_s)

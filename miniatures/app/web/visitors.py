"""Who is at the app: a visitor is let in by a one-time token or a password, and is known by a cookie after that."""

from __future__ import annotations

import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

SESSION_SECONDS = 12 * 3600.0
MOST_SESSIONS = 1000
COOKIE = "miniatures_session"


class Rights(StrEnum):
    """What a visitor may do."""

    REVIEWER = "reviewer"
    """Look at everything, and decide about drafts."""
    OWNER = "owner"
    """Promote miniatures and roll them back, and accept drafts in bulk, as well."""


@dataclass(frozen=True)
class Visitor:
    """Somebody who was let in. `csrf` stands in each form of theirs, and nobody else can know it.

    `by` is the hash of the password that let them in, empty for a token: they are known for as long as that is theirs.
    """

    name: str
    rights: Rights
    session: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    csrf: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    by: str = field(default="", repr=False)

    def owns_form(self, token: str) -> bool:
        """Whether a form with this token is one of theirs, found in a time that tells nothing."""
        return hmac.compare_digest(self.csrf.encode(), token.encode())


class Sessions:
    """The visitors of this process. A restart forgets them: they are let in anew."""

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, still_known: Callable[[Visitor], bool] = lambda _: True
    ) -> None:
        """`still_known` is asked at each request whether a visitor may stay."""
        self._clock = clock
        self._still_known = still_known
        self._known: dict[str, tuple[Visitor, float]] = {}
        self._tokens: dict[str, Visitor] = {}

    def open(self, visitor: Visitor) -> None:
        """Know this visitor from now on, for `SESSION_SECONDS`."""
        now = self._clock()
        self._known = {key: known for key, known in self._known.items() if known[1] > now}
        while len(self._known) >= MOST_SESSIONS:
            self._known.pop(next(iter(self._known)))
        self._known[visitor.session] = visitor, now + SESSION_SECONDS

    def close(self, visitor: Visitor) -> None:
        """Forget this visitor."""
        self._known.pop(visitor.session, None)

    def find(self, session: str | None) -> Visitor | None:
        """The visitor of this cookie, unless their time is over or they are not known any more."""
        visitor, until = self._known.get(session or "", (None, 0.0))
        if visitor is None:
            return None
        if until > self._clock() and self._still_known(visitor):
            return visitor
        self.close(visitor)
        return None

    def token_for(self, visitor: Visitor) -> str:
        """A token that lets this visitor in once."""
        token = secrets.token_urlsafe(24)
        self._tokens[token] = visitor
        return token

    def redeem(self, token: str) -> Visitor | None:
        """Let in whoever the token is for; it is worth nothing after that."""
        visitor = self._tokens.pop(token, None)
        if visitor is not None:
            self.open(visitor)
        return visitor

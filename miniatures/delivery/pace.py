"""How fast a mailbox may send: a day's cap that grows while it is new, an hour's, a provider's, and pauses between.

All of it follows from when the mailbox sent before, which the outbox knows, so a restart changes no pace.
"""

from __future__ import annotations

import random
from bisect import insort
from collections import defaultdict, deque
from collections.abc import Iterable
from datetime import datetime, timedelta

from miniatures.datamodel.send_settings import Mailbox, RampUp
from miniatures.store.mail.outbox_rows import Left

_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)


class Pace:
    """The pace of one mailbox.

    Args:
        mailbox: its caps.
        per_provider_per_hour: emails an hour to the recipients of one mail provider.
        jitter: share by which each pause between two emails varies.
        days_sent: on how many earlier days it sent, for the ramp-up.
        draw: makes the jitter.
    """

    def __init__(
        self,
        mailbox: Mailbox,
        *,
        per_provider_per_hour: int,
        jitter: float,
        days_sent: int,
        draw: random.Random | None = None,
    ) -> None:
        self._per_hour = mailbox.per_hour
        self._per_day = day_cap(mailbox.per_day, mailbox.ramp_up, days_sent)
        self._per_provider = per_provider_per_hour
        self._jitter = jitter
        self._draw = draw or random.Random()
        self._day: deque[datetime] = deque()
        self._hour: deque[datetime] = deque()
        self._providers: defaultdict[str, deque[datetime]] = defaultdict(deque)
        self._known: dict[str, datetime] = {}
        self._next: datetime | None = None

    def learn(self, sent: Iterable[Left], now: datetime) -> None:
        """Count what left by the mailbox before this process, or beside it, within the last day; what it noted itself
        is not counted twice. What a clock that was ahead left in the future holds nothing up."""
        for one in sent:
            if one.id not in self._known and one.at <= now:
                self.note(one.at, one.provider, one.id)

    def note(self, moment: datetime, provider: str, id: str) -> None:
        """The email of this id leaves now, or may have left."""
        self._known[id] = moment
        for times in (self._day, self._hour, self._providers[provider]):
            insort(times, moment) if times and times[-1] > moment else times.append(moment)
        if moment == self._day[-1]:
            pause = _HOUR / self._per_hour
            self._next = moment + pause * self._draw.uniform(1 - self._jitter, 1 + self._jitter)

    def allowed_at(self, now: datetime) -> datetime:
        """When the next email may leave: now, or later."""
        while self._known and next(iter(self._known.values())) <= now - _HOUR:
            del self._known[next(iter(self._known))]
        moments = [now, self._next or now]
        for times, most, window in ((self._day, self._per_day, _DAY), (self._hour, self._per_hour, _HOUR)):
            _forget(times, now - window)
            if len(times) >= most:
                moments.append(times[-most] + window)
        return max(moments)

    def resting(self, now: datetime) -> dict[str, datetime]:
        """Providers that have had their hour's share, each with when it may be sent to again."""
        share = self._per_provider
        busy = {name: times for name, times in self._providers.items() if len(times) >= share}
        for times in busy.values():
            _forget(times, now - _HOUR)
        return {name: times[-share] + _HOUR for name, times in busy.items() if len(times) >= share}


def day_cap(per_day: int, ramp_up: RampUp | None, days_sent: int) -> int:
    """How many emails a mailbox may send within a day, after so many days on which it has sent."""
    if ramp_up is None:
        return per_day
    return min(per_day, ramp_up.first_day + ramp_up.more_each_day * days_sent)


def _forget(times: deque[datetime], before: datetime) -> None:
    while times and times[0] <= before:
        times.popleft()

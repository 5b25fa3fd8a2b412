"""The class of an email's only hit. Most hits are alone, and many look alike to the rules: those are judged once.

Beside what it says of itself the rules look at its network, and at how its age compares with the durations that they
name; so one hit stands for all between two of these.
"""

from __future__ import annotations

from bisect import bisect_left
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache

from miniatures.datamodel.hit import Hit, HitClass, HitKind
from miniatures.delivery.hits.classify import classify
from miniatures.delivery.hits.rules import Rules, known_rules, seconds

_SENT = datetime(2026, 1, 1, tzinfo=UTC)
_LATER = timedelta(days=1)
_EARLIER = timedelta(seconds=-1)


def class_alone(hit: Hit, sent_at: datetime | None) -> HitClass:
    """The class of a hit that is its email's only one, as `classify` gives it."""
    age = None if sent_at is None else _standing_for(hit.at - sent_at)
    network, headers = known_rules().network_of(hit), tuple(hit.headers.items())
    return _class_of(hit.kind, hit.link, hit.method, hit.user_agent, network, headers, age)


@lru_cache(maxsize=16_384)
def _class_of(
    kind: HitKind,
    link: int | None,
    method: str,
    user_agent: str,
    network: str,
    headers: tuple[tuple[str, str], ...],
    age: timedelta | None,
) -> HitClass:
    hit = Hit(
        campaign="",
        prospect="",
        message="",
        kind=kind,
        link=link,
        at=_SENT + (age or timedelta(0)),
        method=method,
        network=network,
        user_agent=user_agent,
        headers=dict(headers),
    )
    [judged] = classify([hit], None if age is None else _SENT)
    return judged.hit_class


def _standing_for(age: timedelta) -> timedelta:
    """The age that stands for all that lie between the same durations."""
    if age < timedelta(0):
        return _EARLIER
    durations = _durations()
    place = bisect_left(durations, age)
    return durations[place] if place < len(durations) else durations[-1] + _LATER


@cache
def _durations() -> list[timedelta]:
    """What the rules compare an age with, in order."""
    rules = known_rules()
    return sorted({seconds(getattr(rules, name)) for name in Rules.model_fields if name.endswith("_s")})

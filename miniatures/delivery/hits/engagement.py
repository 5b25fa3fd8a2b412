"""What the hits of an email say of its reader, and rates with their bounds: each email counts once at most."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from pydantic import Field

from miniatures.datamodel.frozen import Frozen
from miniatures.datamodel.hit import Hit, HitClass, HitKind
from miniatures.delivery.hits.classify import classify

_SUREST_FIRST = (HitClass.HUMAN, HitClass.UNKNOWABLE, HitClass.MACHINE)


class Engagement(Frozen):
    """One email's, by the surest of its hits; null where nothing asked at all."""

    opened: HitClass | None = None
    clicked: HitClass | None = None
    opted_out: bool = False


class Bounds(Frozen):
    """How many emails: `low` if nothing that is unknowable was a person's, `high` if all of it was."""

    low: int = Field(ge=0)
    high: int = Field(ge=0)


def engagement(hits: Sequence[Hit], sent_at: datetime | None, links: int | None = None) -> Engagement:
    """What the hits of one email, in time order, say of its reader. Arguments are those of `classify`."""
    judged = classify(hits, sent_at, links)
    return engagement_of((hit, one.hit_class) for hit, one in zip(hits, judged, strict=True))


def engagement_of(classed: Iterable[tuple[Hit, HitClass]]) -> Engagement:
    """The same of hits whose classes are known."""
    known = list(classed)
    return Engagement(
        opened=_surest(known, HitKind.OPEN),
        clicked=_surest(known, HitKind.CLICK),
        opted_out=_surest(known, HitKind.UNSUBSCRIBE_POST) is HitClass.HUMAN,
    )


def opens(emails: Iterable[Engagement]) -> Bounds:
    """How many were opened."""
    return _bounds(one.opened for one in emails)


def clicks(emails: Iterable[Engagement]) -> Bounds:
    """In how many a link was followed."""
    return _bounds(one.clicked for one in emails)


def _surest(classed: Iterable[tuple[Hit, HitClass]], kind: HitKind) -> HitClass | None:
    given = {hit_class for hit, hit_class in classed if hit.kind is kind}
    return next((one for one in _SUREST_FIRST if one in given), None)


def _bounds(classes: Iterable[HitClass | None]) -> Bounds:
    found = list(classes)
    human = found.count(HitClass.HUMAN)
    return Bounds(low=human, high=human + found.count(HitClass.UNKNOWABLE))

"""The figures of each arm under the names that people read, the same in the terminal and on the page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from miniatures.datamodel.live_verdict import Rate
from miniatures.datamodel.verdict import Guardrail, LiveMetric, RateBase
from miniatures.measure.live.counts import ArmCounts, Tally


@dataclass(frozen=True)
class Figure:
    """One count in every arm; without `of` it is a share of nothing."""

    name: str
    of: str
    rates: tuple[Rate, ...]


_WRITING = (
    ("drafted", "enrolled", "drafted", "enrolled"),
    ("ready by the checks", "drafted", "ready", "drafted"),
    ("decided by reviewers", "drafted", "reviewed", "drafted"),
    ("rejected by reviewers", "decided", "rejected", "reviewed"),
    ("sendable", "enrolled", "approved", "enrolled"),
    ("edited by reviewers", "sendable", "edited", "approved"),
    ("sent", "enrolled", "sent", "enrolled"),
    ("delivered", "sent", "delivered", "sent"),
)
"""Name, of whom, and the two fields of the counts."""

_DOING = (
    ("opened, for certain", LiveMetric.OPENED, 0),
    ("opened, at most", LiveMetric.OPENED, 1),
    ("clicked, for certain", LiveMetric.CLICKED, 0),
    ("clicked, at most", LiveMetric.CLICKED, 1),
    ("replied", LiveMetric.REPLIED, 0),
    ("replied positively", LiveMetric.POSITIVE, 0),
)
"""Name, metric, and which way of counting it."""

_HARM = (
    ("bounced", "sent", Guardrail.BOUNCED),
    ("unsubscribed", "delivered", Guardrail.UNSUBSCRIBED),
    ("complained", "delivered", Guardrail.COMPLAINED),
)


def figures(arms: Sequence[ArmCounts]) -> list[Figure]:
    """Every figure of these arms, from the list to what people did."""
    enrolled = _number("enrolled", [arm.enrolled for arm in arms])
    return [enrolled, *_written(arms), *_reactions(arms, RateBase.DELIVERED), *_harm(arms)]


def reaction_figures(arms: Sequence[ArmCounts], per: RateBase = RateBase.DELIVERED) -> Iterator[Figure]:
    """What people did about the emails, as shares of those whom the rate is of, whose number stands first."""
    whom = (arm.enrolled if per is RateBase.ENROLLED else arm.delivered for arm in arms)
    yield _number(per.value, whom)
    yield from _reactions(arms, per)


def _reactions(arms: Sequence[ArmCounts], per: RateBase) -> Iterator[Figure]:
    for name, metric, way in _DOING:
        yield Figure(name, per.value, tuple(arm.tallies(metric, per)[way].rate for arm in arms))


def _number(name: str, numbers: Iterable[int]) -> Figure:
    """A count that is a share of nothing."""
    return Figure(name, "", tuple(Rate(count=number, base=number, low=1.0, high=1.0) for number in numbers))


def _written(arms: Sequence[ArmCounts]) -> Iterator[Figure]:
    for name, of, count, base in _WRITING:
        tallies = (Tally(name, getattr(arm, count), getattr(arm, base), arm.people_a_company) for arm in arms)
        yield Figure(name, of, tuple(tally.rate for tally in tallies))


def _harm(arms: Iterable[ArmCounts]) -> Iterator[Figure]:
    counted = list(arms)
    for name, of, guardrail in _HARM:
        yield Figure(name, of, tuple(arm.harm(guardrail).rate for arm in counted))

"""How a campaign's prospects came out over time: stretches of one length from the first result to the last."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from miniatures.datamodel.draft import DraftStatus
from miniatures.store.store import WRITTEN, Store
from miniatures.store.tallies import Step

_LONGEST = ((Step.MINUTE, timedelta(hours=1)), (Step.HOUR, timedelta(days=2)), (Step.DAY, timedelta(days=62)))
"""Up to which time between the first result and the last each step is taken; months are for all that is longer."""


@dataclass(frozen=True)
class Stretch:
    """What was saved in one stretch of time."""

    began: datetime
    counts: Mapping[DraftStatus, int]

    @property
    def reached(self) -> int:
        return sum(self.counts.values())

    @property
    def drafted(self) -> int:
        return sum(self.counts.get(status, 0) for status in WRITTEN)

    @property
    def ready(self) -> int:
        return self.counts.get(DraftStatus.READY, 0)


@dataclass(frozen=True)
class Timeline:
    """The stretches in their order, the empty ones between others included."""

    step: Step
    stretches: tuple[Stretch, ...]

    @property
    def statuses(self) -> tuple[DraftStatus, ...]:
        """The statuses that occur, in their own order."""
        return tuple(status for status in DraftStatus if any(stretch.counts.get(status) for stretch in self.stretches))


def timeline_of(store: Store, campaign: str) -> Timeline | None:
    """The campaign's timeline, in the shortest steps that its length allows; None before there is any result."""
    between = store.saved_between(campaign)
    if between is None:
        return None
    step = step_for(*between)
    return Timeline(step, filled(store.outcomes_over_time(campaign, step), step))


def step_for(first: datetime, last: datetime) -> Step:
    """The shortest step that leaves a chart of so much time readable."""
    return next((step for step, longest in _LONGEST if last - first <= longest), Step.MONTH)


def filled(counted: Mapping[datetime, Mapping[DraftStatus, int]], step: Step) -> tuple[Stretch, ...]:
    """The stretches from the first to the last, with those between in which nothing was saved."""
    stretches: list[Stretch] = []
    began, last = min(counted, default=None), max(counted, default=None)
    while began is not None and last is not None and began <= last:
        stretches.append(Stretch(began, counted.get(began, {})))
        began = _following(began, step)
    return tuple(stretches)


def _following(began: datetime, step: Step) -> datetime:
    match step:
        case Step.MINUTE:
            return began + timedelta(minutes=1)
        case Step.HOUR:
            return began + timedelta(hours=1)
        case Step.DAY:
            return began + timedelta(days=1)
        case Step.MONTH:
            return (began + timedelta(days=32)).replace(day=1)

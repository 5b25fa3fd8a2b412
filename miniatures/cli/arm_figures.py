"""What `miniatures status` says of each arm of an A/B test."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from miniatures.cli.terminal import plain, show_table, table
from miniatures.datamodel.arms import Enrolment
from miniatures.datamodel.backend import Bill
from miniatures.datamodel.draft import DraftStatus
from miniatures.datamodel.money import dollars
from miniatures.datamodel.standing import APPROVED, Standing, State


class ArmFigures:
    """Where the prospects of each arm stand, counted while their standings pass."""

    def __init__(self, enrolled: Mapping[str, Enrolment], stopped: Collection[str]) -> None:
        self._enrolled, self._stopped = enrolled, stopped
        self._by_state: defaultdict[str, Counter[State]] = defaultdict(Counter)
        self._bills: defaultdict[str, Bill] = defaultdict(Bill)

    def noting(self, standings: Iterable[Standing]) -> Iterator[Standing]:
        """The same standings."""
        for standing in standings:
            place = self._enrolled.get(standing.prospect.key)
            if place is not None:
                self._by_state[place.arm][standing.state] += 1
                if standing.result.status is not DraftStatus.PENDING:
                    self._bills[place.arm] += standing.result.bill
            yield standing

    def as_data(self) -> dict[str, Any]:
        """The figures of each arm as programs read them; none of a campaign that is no test."""
        people = Counter(place.arm for place in self._enrolled.values())
        return {
            arm: {
                "stopped": arm in self._stopped,
                "enrolled": people[arm],
                "by_status": {state.value: self._by_state[arm][state] for state in State},
                "tokens": self._bills[arm].usage.total_tokens,
                "cost": self._bills[arm].cost_usd,
            }
            for arm in sorted(people)
        }


def show_arm_figures(arms: Mapping[str, Any]) -> None:
    """A line for each arm."""
    listing = table("Arm", ">Enrolled", ">Approved", ">Ready", ">Needs review", ">Nothing found", ">Cost")
    for arm, figures in arms.items():
        by_status = figures["by_status"]
        approved = sum(by_status[state] for state in APPROVED)
        others = (by_status[state] for state in (State.READY, State.NEEDS_REVIEW, State.NOTHING_FOUND))
        counts = (f"{number:,}" for number in (figures["enrolled"], approved, *others))
        name = f"{arm} (stopped)" if figures["stopped"] else arm
        listing.add_row(plain(name), *counts, dollars(figures["cost"]))
    show_table(listing)

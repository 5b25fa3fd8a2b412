"""Which charts the page of a campaign has, and what stands in them."""

from __future__ import annotations

from datetime import datetime

from miniatures.app.web.charts import Chart, Kind, Series
from miniatures.datamodel.draft import DraftStatus
from miniatures.review.timeline import Stretch, Timeline
from miniatures.store.tallies import Step

_ORDER = (
    DraftStatus.READY,
    DraftStatus.NEEDS_REVIEW,
    DraftStatus.NOTHING_FOUND,
    DraftStatus.BLOCKED,
    DraftStatus.FAILED,
    DraftStatus.OVER_BUDGET,
    DraftStatus.PENDING,
)
"""From the best upwards."""


def charts_of(timeline: Timeline) -> dict[str, Chart]:
    """The charts by the name that their address has."""
    labels = tuple(moment_words(stretch.began, timeline.step) for stretch in timeline.stretches)
    outcomes = tuple(
        Series(
            status.replace("_", " "),
            status.value,
            tuple(float(stretch.counts.get(status, 0)) for stretch in timeline.stretches),
        )
        for status in _ORDER
        if status in timeline.statuses
    )
    shares = (
        Series("drafted", "accent", tuple(_percent(one.drafted, one) for one in timeline.stretches)),
        Series("ready", "ready", tuple(_percent(one.ready, one) for one in timeline.stretches)),
    )
    return {
        "outcomes": Chart(f"Prospects by outcome, by the {timeline.step}", Kind.BARS, labels, outcomes),
        "readiness": Chart(f"Share of the prospects reached, by the {timeline.step}", Kind.LINES, labels, shares),
    }


def moment_words(began: datetime, step: Step) -> str:
    """When a stretch of time began, no longer than a chart's label may be."""
    match step:
        case Step.MINUTE:
            return f"{began:%H:%M}"
        case Step.HOUR:
            return f"{began.day} {began:%b %H:%M}"
        case Step.DAY:
            return f"{began.day} {began:%b}"
        case Step.MONTH:
            return f"{began:%b %Y}"


def _percent(count: int, stretch: Stretch) -> float | None:
    return 100 * count / stretch.reached if stretch.reached else None

"""A chart of time has no gap where nothing happened, and never more stretches than can be looked at."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from miniatures.datamodel.draft import DraftStatus
from miniatures.review.timeline import Stretch, Timeline, filled, step_for
from miniatures.store.tallies import Step

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)
READY, HELD, NOTHING = DraftStatus.READY, DraftStatus.NEEDS_REVIEW, DraftStatus.NOTHING_FOUND
LENGTHS = {Step.MINUTE: timedelta(minutes=1), Step.HOUR: timedelta(hours=1), Step.DAY: timedelta(days=1)}


def test_what_lies_between_is_there_and_empty() -> None:
    counted = {NOON: {READY: 2, HELD: 1}, NOON + timedelta(hours=3): {NOTHING: 4}}
    stretches = filled(counted, Step.HOUR)
    assert [one.began.hour for one in stretches] == [12, 13, 14, 15]
    assert [(one.reached, one.drafted, one.ready) for one in stretches] == [(3, 3, 2), (0, 0, 0), (0, 0, 0), (4, 0, 0)]
    assert Timeline(Step.HOUR, stretches).statuses == (READY, HELD, NOTHING)
    assert filled({}, Step.DAY) == ()


def test_months_follow_one_another_over_the_year() -> None:
    first, last = datetime(2026, 11, 1, tzinfo=UTC), datetime(2027, 2, 1, tzinfo=UTC)
    assert [one.began.month for one in filled({first: {READY: 1}, last: {READY: 1}}, Step.MONTH)] == [11, 12, 1, 2]
    assert filled({first: {}}, Step.MONTH) == (Stretch(first, {}),)


@given(st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=62)))
def test_a_chart_has_few_enough_stretches(length: timedelta) -> None:
    step = step_for(NOON, NOON + length)
    assert length / LENGTHS[step] <= 62


def test_longer_times_are_counted_by_longer_steps() -> None:
    lengths = (timedelta(0), timedelta(hours=2), timedelta(days=3), timedelta(days=90))
    assert [step_for(NOON, NOON + length) for length in lengths] == list(Step)

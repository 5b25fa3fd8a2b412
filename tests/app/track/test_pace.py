"""How often somebody may ask: a burst, then a pace; and what is remembered has a bound."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from miniatures.app.track.pace import Pace


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_is_fine_and_then_a_pace_is_kept() -> None:
    clock = Clock()
    pace = Pace(clock, burst=3, per_second=0.5)
    assert [pace.wait("a") for _ in range(4)] == [0, 0, 0, 2]
    assert pace.wait("b") == 0
    clock.now = 1.0
    assert pace.wait("a") == 1
    clock.now = 2.0
    assert pace.wait("a") == 0
    clock.now = 1000.0
    assert [pace.wait("a") for _ in range(4)] == [0, 0, 0, 2]


def test_whoever_asked_longest_ago_is_forgotten_first() -> None:
    pace = Pace(Clock(), burst=1, per_second=1, most_known=2)
    for key in ("a", "b", "a", "c"):
        pace.wait(key)
    assert len(pace) == 2
    assert pace.wait("a") > 0
    assert pace.wait("b") == 0


@given(st.lists(st.tuples(st.sampled_from("ab"), st.floats(0, 5)), max_size=60))
def test_nobody_gets_more_than_the_burst_and_the_pace(steps: list[tuple[str, float]]) -> None:
    clock = Clock()
    pace = Pace(clock, burst=4, per_second=0.5)
    allowed = {"a": 0, "b": 0}
    for key, passed in steps:
        clock.now += passed
        allowed[key] += pace.wait(key) == 0
    assert max(allowed.values()) <= 4 + 0.5 * clock.now + 1e-6

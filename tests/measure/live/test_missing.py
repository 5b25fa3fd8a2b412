"""How many more people it takes."""

from __future__ import annotations

import pytest

from miniatures.datamodel.verdict import Look
from miniatures.measure.live.counts import Tally
from miniatures.measure.live.missing import Pair, people_missing
from miniatures.measure.live.sizes import Aim, Truth

AIM = Aim(0.02, 0.05, 0.8, Look.DAILY)


def pair(ours: int, theirs: int, people: int, effect: float = 1.0, counted: float = 1.0) -> Pair:
    base = round(people * counted)
    return Pair(Tally("replied", ours, base, effect), Tally("replied", theirs, base, effect), people)


def test_it_is_what_the_plan_says_less_those_who_are_there():
    needed = AIM.people_no_worse(Truth(100.5 / 2_001, 100.5 / 2_001)) or 0
    assert people_missing([pair(50, 50, 1_000)], AIM, 100) == needed - 1_000


def test_people_who_answer_alike_or_are_not_counted_take_more():
    alone = people_missing([pair(50, 50, 1_000)], AIM, 100) or 0
    assert people_missing([pair(50, 50, 1_000, effect=2.0)], AIM, 100) == 2 * (alone + 1_000) - 1_000
    half = people_missing([pair(25, 25, 1_000, counted=0.5)], AIM, 100) or 0
    assert half == pytest.approx(2 * (alone + 1_000) - 1_000, rel=0.01)


def test_the_way_of_counting_that_needs_most_decides():
    assert people_missing([pair(50, 50, 1_000), pair(300, 300, 1_000)], AIM, 100) == people_missing(
        [pair(300, 300, 1_000)], AIM, 100
    )


def test_where_the_plan_has_been_reached_what_was_seen_tells():
    assert (people_missing([pair(240, 265, 5_000)], AIM, 100) or 0) > 0
    assert people_missing([pair(125, 250, 5_000)], AIM, 100) is None, "it loses more than the margin"


def test_there_are_the_fewest_people_that_any_word_takes():
    assert people_missing([pair(3, 3, 60)], AIM, 100_000) == 100_000 - 60

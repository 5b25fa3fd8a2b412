"""Dates are told as ages, in the words that a reader was trained on."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miniatures.agents.ages import age, ages, first_day, is_dateline

TODAY = date(2026, 12, 1)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("On 29 October 2026 the hall opened.", "4 weeks ago"),
        ("Am 29. Oktober 2026 wurde die Halle eröffnet.", "4 weeks ago"),
        ("2026-11-30: open", "this week"),
        ("Seit 01.03.2025 gilt sie.", "21 months ago"),
        ("In March 2021 and again in 2027", "5 years ago, next year"),
        ("El 7 de mayo de 2026", "6 months ago"),
        ("By the end of January.", "a month"),
        ("We may move.", ""),
        ("Room 2000 has 300 seats.", "26 years ago"),
        ("From 99.99.2026 on", "this year"),
        ("", ""),
    ],
)
def test_each_date_is_told_once_in_the_order_of_the_text(text: str, told: str) -> None:
    assert ages(text, TODAY) == told


def test_ahead_and_behind() -> None:
    assert [age(date(2026, 12, day), TODAY) for day in (1, 9, 30)] == ["this week", "in 1 weeks", "in 4 weeks"]
    assert age(date(2030, 1, 1), TODAY) == "in 3 years"


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("Sunday 21 October 2018", True),
        ("Hvalsnes, 29 November 2026", True),
        ("In October 2018 the brewhouse at last got a new lid.", False),
        ("News", False),
    ],
)
def test_a_dateline_is_little_more_than_a_date(text: str, is_one: bool) -> None:
    assert is_dateline(text) is is_one


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("Posted 24 May 2026", date(2026, 5, 24)),
        ("Posted 10/06/2026", None),
        ("Posted 10/06/2026, changed 24/06/2026", date(2026, 6, 24)),
        ("Posted 5.6.2026", date(2026, 6, 5)),
        ("In June 2026", None),
    ],
)
def test_the_first_day_is_one_that_can_be_read_in_one_way(text: str, day: date | None) -> None:
    assert first_day(text) == day


@given(st.text(alphabet="0123456789./- JanuarydeMyo,", max_size=60), st.dates())
def test_any_text_is_read(text: str, today: date) -> None:
    assert isinstance(ages(text, today), str)

"""What was to come when a page was written, and has come, is not told; nor is a day that only that page explains."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miniatures.agents.passages import Passage
from miniatures.agents.timely import is_over, is_timely

TODAY = date(2026, 12, 1)


@pytest.mark.parametrize(
    "text",
    [
        "Thirty apprentices will start in the car technician programme on Oct. 13.",
        "The intake of Oct. 13 will be 24 apprentices, as the college can take two groups of twelve.",
        "A voluntary severance scheme will open on 1 November, and 140 posts are in consultation.",
        "The weighbridge will be closed from 6 am to noon on Wednesday 18 November.",
        "The new line is to run from 15 October 2026.",
        "The second press is scheduled to start in September 2026 (contract 26 of May 2026).",
    ],
)
def test_what_was_to_come_and_has_come_is_over(text: str) -> None:
    assert is_over(text, TODAY, TODAY)


@pytest.mark.parametrize(
    "text",
    [
        "The new line will run from 15 January.",
        "The new line will run from 15 January 2027.",
        "The line that opened on 3 October 2026 will be doubled.",
        "On 6 August we signed for the land behind the hall, and the lorries are to get their place there.",
        "CLUJ-NAPOCA, 14 October 2026 / Farmavior will introduce a brand of its own in Bulgaria.",
        "Works will last from 3 October to the end of February.",
        "The remaining 21 flats will be let from 1 November until Christmas.",
        "The hall was opened on 3 October 2026.",
        "There will be 30 marquees, 12 sepia prints and a talk about 2019.",
        "",
    ],
)
def test_what_is_still_to_come_or_names_no_day_of_its_own_is_not(text: str) -> None:
    assert not is_over(text, TODAY, TODAY)


def test_a_day_without_a_year_is_the_one_nearest_to_its_page() -> None:
    text = "The doors will open on 12 January."
    assert is_over(text, date(2025, 11, 20), TODAY)
    assert not is_over(text, date(2026, 11, 20), TODAY)
    announced = Passage(text=text, published=datetime(2025, 11, 20, tzinfo=UTC))
    assert not is_timely(announced, TODAY)
    assert not is_timely(announced.model_copy(update={"published": None, "dateline": "20 November 2025"}), TODAY)
    assert is_timely(announced.model_copy(update={"published": None}), TODAY)


@pytest.mark.parametrize(
    ("text", "timely"),
    [
        ("The new part was handed over last Friday.", False),
        ("The entrance is to be in use at the end of the month.", False),
        ("Harrow Ltd has today announced a second shift.", False),
        ("The bun line made its first saleable buns on Monday at ten past four.", False),
        ("Boot wash and changing rooms are being built this month.", False),
        ("From Sunday 10 January 2027 the plant will load at night.", True),
        ("It will take its first load on Monday 15 February.", True),
        ("On Monday, January 4, the second shift begins.", True),
        ("We shall be twice the size next year.", False),
        ("The depot is open on Sundays.", True),
        ("The end of the pier is closed.", True),
    ],
)
def test_a_day_that_only_the_page_explains_is_not_told(text: str, timely: bool) -> None:
    assert is_timely(Passage(text=text), TODAY) is timely


@given(st.text(alphabet="will be on 0123456789 JanuaryOct.,()-", max_size=80), st.dates(), st.dates())
def test_any_text_is_read(text: str, written: date, today: date) -> None:
    assert is_over(text, written, today) in (True, False)

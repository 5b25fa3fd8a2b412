"""The day of return, in the words of nine languages, and never one that cannot be meant."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miniatures.delivery.inbound.return_date import MOST_AHEAD, return_date

MONDAY = datetime(2026, 11, 30, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "back"),
    [
        ("I am out of the office until 12 January.", "2027-01-13"),
        ("I'm away from 1 December to 15 December 2026", "2026-12-16"),
        ("I will be back on Monday, 7 December.", "2026-12-07"),
        ("back on December 21st", "2026-12-21"),
        ("returning Jan 4", "2027-01-04"),
        ("I'll return Wednesday.", "2026-12-02"),
        ("I'll be back tomorrow", "2026-12-01"),
        ("out of office 2026-12-01 - 2026-12-18", "2026-12-19"),
        ("away December 7-11", "2026-12-12"),
        ("I am on leave from 24th December and will be back on 4th January 2027, contact Bob", "2027-01-04"),
        ("Ich bin vom 01.12.2026 bis 10.12.2026 nicht im Büro", "2026-12-11"),
        ("Ich bin ab dem 14.12. wieder für Sie da.", "2026-12-14"),
        ("Am 14. Dezember bin ich wieder erreichbar", "2026-12-14"),
        ("bis einschließlich 18.12.2026", "2026-12-19"),
        ("vom 21.-23. Dezember", "2026-12-24"),
        ("Ich bin bis zum 11.12. im Urlaub und ab 14.12. wieder da.", "2026-12-14"),
        ("Je suis absent du 1er au 12 décembre inclus", "2026-12-13"),
        ("Je serai de retour le 4 janvier 2027", "2027-01-04"),
        ("Estaré fuera de la oficina hasta el 10 de diciembre", "2026-12-11"),
        ("Vuelvo el 14 de diciembre de 2026", "2026-12-14"),
        ("Sono in ferie fino al 15 dicembre", "2026-12-16"),
        ("Rientrerò il 7 gennaio", "2027-01-07"),
        ("Ik ben afwezig t/m 11 december", "2026-12-12"),
        ("Ik ben op 14 december weer op kantoor", "2026-12-14"),
        ("Jag är tillbaka den 8 december", "2026-12-08"),
        ("Jestem na urlopie do 11 grudnia 2026", "2026-12-12"),
        ("Wracam 14 grudnia", "2026-12-14"),
        ("Estarei fora do escritório até 11 de dezembro", "2026-12-12"),
    ],
)
def test_the_day_of_return_is_read(text: str, back: str) -> None:
    assert return_date(text, MONDAY) == date.fromisoformat(back)


@pytest.mark.parametrize(
    "text",
    [
        "I was away until 20 November",
        "I left on 3 May 2021. The office was founded in 2019.",
        "I am on parental leave until June 2028",
        "I am back on 3 March 2028",
        "Call +49 30 1234567 or 555-12-2026",
        "until 31 February",
        "Mitte Dezember",
        "on leave from 24 December",
        "",
    ],
)
def test_a_day_that_cannot_be_meant_is_none(text: str) -> None:
    assert return_date(text, MONDAY) is None


def test_a_later_date_of_something_else_is_not_the_return() -> None:
    text = "I am back in the office on 7 December 2026 at 9:00. Join our fair on 20 December 2026!"
    assert return_date(text, MONDAY) == date(2026, 12, 7)


def test_the_month_comes_first_where_the_clock_is_american() -> None:
    american = MONDAY.astimezone(timezone(timedelta(hours=-6)))
    assert return_date("back on 12/03/2026", MONDAY) is None
    assert return_date("back on 12/03/2026", american) == date(2026, 12, 3)
    assert return_date("back on 12/14/2026", MONDAY) == date(2026, 12, 14)


_WORDS = st.sampled_from(
    [
        "back",
        "until",
        "bis",
        "le",
        "4",
        "31.",
        "12/",
        "december",
        "2026",
        "2099-12-31",
        "1.1.",
        "au",
        "al",
        "-",
        "monday",
    ]
)


@given(
    st.lists(_WORDS, max_size=30).map(" ".join) | st.text(max_size=200),
    st.datetimes(datetime(2000, 1, 1), datetime(2090, 1, 1)),
)
def test_no_text_yields_a_day_behind_or_too_far_ahead(text: str, sent: datetime) -> None:
    moment = sent.replace(tzinfo=UTC)
    back = return_date(text, moment)
    assert back is None or moment.date() < back <= moment.date() + MOST_AHEAD + timedelta(days=1)

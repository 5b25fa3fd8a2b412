"""Mail arrives when its reader is at work, wherever that is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as some

from miniatures.datamodel.send_settings import Hours
from miniatures.delivery.hours import next_opening, zone_of
from tests.store.mail.emails import email_to

HOURS = Hours.model_validate({"opens": "08:30", "closes": "17:00", "timezone": "Europe/Berlin"})
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("moment", "opening"),
    [
        ("2026-10-05T10:00", "2026-10-05T10:00"),  # a Monday
        ("2026-10-05T06:00", "2026-10-05T08:30"),
        ("2026-10-05T17:00", "2026-10-06T08:30"),
        ("2026-10-09T18:00", "2026-10-12T08:30"),  # from Friday evening to Monday
        ("2026-10-24T12:00", "2026-10-26T08:30"),  # over the end of summer time
    ],
)
def test_the_next_opening_by_the_clock_on_the_wall(moment: str, opening: str) -> None:
    local = datetime.fromisoformat(moment).replace(tzinfo=BERLIN)
    expected = datetime.fromisoformat(opening).replace(tzinfo=BERLIN)
    assert next_opening(HOURS, BERLIN, local.astimezone(UTC)) == expected.astimezone(UTC)


@given(
    some.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)), some.sampled_from(["Asia/Tokyo", "America/New_York"])
)
def test_an_opening_is_in_working_hours_and_never_in_the_past(naive: datetime, name: str) -> None:
    moment, zone = naive.replace(tzinfo=UTC), ZoneInfo(name)
    opening = next_opening(HOURS, zone, moment)
    local = opening.astimezone(zone)
    assert moment <= opening <= moment + timedelta(days=4)
    assert local.weekday() < 5
    assert HOURS.opens <= local.time() < HOURS.closes


def test_the_rows_own_zone_counts_before_its_country_and_that_before_the_campaigns() -> None:
    assert zone_of(email_to(1, timezone="Asia/Tokyo", country="DE"), HOURS).key == "Asia/Tokyo"
    assert zone_of(email_to(1, country="us"), HOURS).key == "America/New_York"
    assert zone_of(email_to(1, timezone="Mars/Olympus", country="GB"), HOURS).key == "Europe/London"
    assert zone_of(email_to(1, country="somewhere"), HOURS).key == "Europe/Berlin"

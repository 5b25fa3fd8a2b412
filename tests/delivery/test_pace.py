"""No mailbox sends faster than its caps allow, however often the process is started anew."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as some

from miniatures.datamodel.send_settings import Mailbox, RampUp
from miniatures.delivery.pace import Pace, day_cap
from miniatures.store.mail.outbox_rows import Left

START = datetime(2026, 10, 5, 9, 0, tzinfo=UTC)


def mailbox(**fields: object) -> Mailbox:
    return Mailbox.model_validate({"address": "rosa@example.com", "smtp": {"host": "smtp.example.com"}} | fields)


def pace(
    box: Mailbox, *, provider: int = 1_000, jitter: float = 0.0, sent: list[tuple[datetime, str]] | None = None
) -> Pace:
    kept = Pace(box, per_provider_per_hour=provider, jitter=jitter, days_sent=0, draw=random.Random(7))
    kept.learn([Left(f"earlier {number}", *one) for number, one in enumerate(sent or [])], START)
    return kept


def test_emails_are_spread_over_the_hour() -> None:
    kept = pace(mailbox(per_hour=20))
    kept.note(START, "a.example", "one")
    assert kept.allowed_at(START) == START + timedelta(minutes=3)


def test_a_restart_changes_no_cap() -> None:
    earlier = [(START - timedelta(minutes=50 - number), "a.example") for number in range(20)]
    assert pace(mailbox(per_hour=20), sent=earlier).allowed_at(START) == START + timedelta(minutes=10)


def test_the_days_cap_holds_for_any_24_hours() -> None:
    earlier = [(START - timedelta(hours=23 - number), "a.example") for number in range(3)]
    assert pace(mailbox(per_day=3), sent=earlier).allowed_at(START) == START + timedelta(hours=1)


def test_a_provider_that_had_its_share_rests_and_the_others_do_not() -> None:
    earlier = [(START - timedelta(minutes=30), "big.example")] * 5 + [(START - timedelta(minutes=20), "small.example")]
    assert pace(mailbox(), provider=5, sent=earlier).resting(START) == {"big.example": START + timedelta(minutes=30)}


def test_a_new_mailbox_begins_with_little() -> None:
    ramp_up = RampUp(first_day=10, more_each_day=5)
    assert [day_cap(40, ramp_up, days) for days in (0, 1, 5, 6, 90)] == [10, 15, 35, 40, 40]
    assert day_cap(40, None, 0) == 40


@given(some.integers(1, 30), some.integers(1, 60), some.floats(0, 1), some.integers(0, 10_000))
def test_no_hour_and_no_day_holds_more_than_its_cap(per_hour: int, per_day: int, jitter: float, seed: int) -> None:
    kept = Pace(
        mailbox(per_hour=per_hour, per_day=per_day),
        per_provider_per_hour=1_000,
        jitter=jitter,
        days_sent=0,
        draw=random.Random(seed),
    )
    now, sent = START, []
    for number in range(3 * min(per_hour, per_day)):
        now = max(now, kept.allowed_at(now))
        kept.note(now, "a.example", f"email {number}")
        sent.append(now)
    assert _most_within(sent, timedelta(hours=1)) <= per_hour
    assert _most_within(sent, timedelta(days=1)) <= per_day


def _most_within(moments: list[datetime], window: timedelta) -> int:
    return max(sum(first <= other < first + window for other in moments) for first in moments)


def test_jitter_varies_the_pauses_and_not_the_rate() -> None:
    kept = pace(mailbox(per_hour=60, per_day=100_000), jitter=0.5)
    now, pauses = START, Counter[int]()
    for number in range(600):
        kept.note(now, "a.example", f"email {number}")
        later = kept.allowed_at(now)
        pauses[round((later - now).total_seconds())] += 1
        now = later
    assert len(pauses) > 30
    assert 9.5 * 3600 < (now - START).total_seconds() < 11.5 * 3600


def test_a_restart_changes_no_pause() -> None:
    just_now = [(START - timedelta(minutes=1), "a.example")]
    assert pace(mailbox(per_hour=20), sent=just_now).allowed_at(START) == START + timedelta(minutes=2)


def test_what_others_send_by_the_mailbox_counts_and_what_is_known_does_not_count_twice() -> None:
    kept = pace(mailbox(per_day=3, per_hour=1_000_000))
    kept.note(START, "a.example", "mine")
    kept.learn([Left("mine", START + timedelta(seconds=1), "a.example")] * 2, START + timedelta(minutes=1))
    assert kept.allowed_at(START + timedelta(minutes=1)) == START + timedelta(minutes=1)
    others = [Left(f"other {number}", START - timedelta(hours=2 - number), "a.example") for number in range(2)]
    kept.learn(others, START + timedelta(minutes=1))
    assert kept.allowed_at(START + timedelta(minutes=1)) == START + timedelta(hours=22)


def test_a_clock_that_was_ahead_holds_nothing_up() -> None:
    ahead = [(START + timedelta(days=300), "a.example")] * 3
    assert pace(mailbox(per_day=3), sent=ahead).allowed_at(START) == START

"""A server that did not let us in is tried again after longer each time, and after an hour at most."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from miniatures.delivery.back_off import BackOff, Refusal

NOON = datetime(2026, 10, 5, 12, 0, tzinfo=UTC)


def minute(number: int) -> datetime:
    return NOON + timedelta(minutes=number)


def tries(back_off: BackOff, minutes: int) -> list[int]:
    """In which minutes a process tries that looks each minute, with a password that is always wrong."""
    tried = []
    for number in range(minutes):
        if "sales" not in back_off.waiting(minute(number)):
            tried.append(number)
            back_off.refused("sales", "535 wrong", minute(number))
    return tried


def test_a_wrong_password_is_tried_at_longer_and_longer_intervals_and_then_once_an_hour() -> None:
    assert tries(BackOff(), 4 * 60) == [0, 5, 20, 50, 110, 170, 230]


def test_whoever_was_let_in_begins_anew() -> None:
    back_off = BackOff()
    back_off.refused("sales", "535 wrong", NOON)
    back_off.refused("sales", "535 wrong", minute(5))
    back_off.let_in("sales")
    assert back_off.waiting(minute(6)) == {}
    assert back_off.refused("sales", "535 wrong", minute(7)).next_try == minute(12)


def test_the_others_do_not_wait() -> None:
    back_off = BackOff()
    refusal = back_off.refused("sales", "535 wrong", NOON)
    assert back_off.waiting(minute(1)) == {"sales": refusal}


def test_a_person_reads_what_was_said_and_when_the_next_try_is() -> None:
    assert (
        str(Refusal("535 wrong. Check `login`.", minute(5))) == "535 wrong. Check `login`. The next try is at 12:05 UTC"
    )
    assert str(Refusal("535 wrong")) == "535 wrong"

"""Guessing is slow, whoever guesses; who does not guess is not held up for long."""

from __future__ import annotations

import pytest

from miniatures.app.web.sign_in_limit import LONGEST_PAUSE_S, Pauses, SignInLimit, network_of
from tests.app.web.entered import Clock


def test_pauses_double_after_the_free_tries_up_to_a_bound() -> None:
    clock = Clock()
    pauses, waits = Pauses(clock, free=3, forgiven_after_s=1e9), []
    for _ in range(16):
        waits.append(round(pauses.wait("kim")))
        clock.now += pauses.wait("kim")
        pauses.count("kim")
    assert waits == [0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300, 300]
    assert waits[-1] == LONGEST_PAUSE_S


def test_a_pause_ends_by_itself_and_tries_are_forgiven_in_time() -> None:
    clock = Clock()
    pauses = Pauses(clock, free=2, forgiven_after_s=60)
    for _ in range(3):
        pauses.count("kim")
    assert pauses.wait("kim") == 2
    clock.now += 1.5
    assert pauses.wait("kim") == 0.5
    clock.now += 0.5
    assert pauses.wait("kim") == 0
    clock.now += 600
    pauses.count("kim")
    assert pauses.wait("kim") == 0, "one try of now, and none of before"


def test_others_do_not_wait() -> None:
    pauses = Pauses(Clock(), free=1, forgiven_after_s=60)
    pauses.count("kim")
    assert pauses.wait("kim") > 0
    assert pauses.wait("lee") == 0


def test_memory_is_bounded_and_a_flood_of_names_frees_none_that_was_guessed_at() -> None:
    pauses = Pauses(Clock(), free=5, forgiven_after_s=1e9, most=100)
    for _ in range(8):
        pauses.count("kim")
    for number in range(1000):
        pauses.count(f"name {number}")
        assert len(pauses) <= 100
    assert pauses.wait("kim") == 8


def test_a_name_is_slow_from_whichever_address_it_is_guessed_at() -> None:
    clock = Clock()
    limit = SignInLimit(clock)
    tried = sum(limit.begin("kim", f"192.0.2.{number}") == 0 for number in range(100))
    assert tried == 5
    assert limit.begin("lee", "192.0.2.1") == 0
    clock.now += 24 * 3600
    for _ in range(24 * 3600):
        clock.now += 1
        tried += limit.begin("kim", "192.0.2.1") == 0
    assert tried < 320, "guesses at one name in a day"


def test_an_address_is_slow_whichever_names_it_tries() -> None:
    limit = SignInLimit(Clock())
    assert sum(limit.begin(f"name {number}", "192.0.2.1") == 0 for number in range(100)) == 20
    assert limit.begin("kim", "192.0.2.2") == 0


def test_a_right_password_frees_the_name_but_not_the_address() -> None:
    limit = SignInLimit(Clock())
    for number in range(19):
        assert limit.begin(f"name {number}", "192.0.2.1") == 0
        assert limit.begin("own", "192.0.2.1") == 0
        limit.succeeded("own", "192.0.2.1")
    assert limit.begin("kim", "192.0.2.1") == 0
    assert limit.begin("own", "192.0.2.1") > 0, "twenty wrong tries, whatever was right between them"


def test_who_has_to_wait_does_not_wait_longer_for_asking() -> None:
    limit = SignInLimit(Clock())
    for _ in range(5):
        limit.begin("kim", "192.0.2.1")
    assert [limit.begin("kim", "192.0.2.1") for _ in range(50)] == [1.0] * 50


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("testclient", "testclient"),
        ("", ""),
    ],
)
def test_what_counts_as_one_client(address: str, network: str) -> None:
    assert network_of(address) == network

"""The signs by which a link is a reader's that was followed so soon, or from where machines and people sit alike."""

from __future__ import annotations

import pytest

from miniatures.datamodel.hit import Hit, HitClass, HitKind
from miniatures.delivery.hits.classify import classify
from miniatures.delivery.hits.scans import FOLLOWED
from tests.delivery.hits.stories import (
    APPLE,
    CHROME,
    FIREFOX,
    GATEWAY,
    GMAIL,
    HOUR,
    READER,
    SAFARI,
    SENT,
    THUNDERBIRD,
    clicked,
    hit,
    opened,
)

H, U = HitClass.HUMAN, HitClass.UNKNOWABLE
FIVE_MINUTES = 300.0
RENTED = "Amazon.com, Inc."


def follower(*hits: Hit) -> tuple[HitClass, str]:
    """What is told of the first link that was followed, and why. `hits` are in time order."""
    judged = classify(hits, SENT)
    return next(one for one, asked in zip(judged, hits, strict=True) if asked.kind in FOLLOWED)


@pytest.mark.parametrize(
    ("network", "expected"),
    [
        ("Deutsche Telekom AG", H),
        ("Village Broadband", H),
        (None, U),
        ("Zscaler, Inc.", U),
        ("Cloudflare, Inc.", U),
        ("Cisco Systems", U),
        (RENTED, U),
    ],
)
def test_checks_do_not_sit_where_people_do(network: str | None, expected: HitClass) -> None:
    assert follower(clicked(60, network=network))[0] is expected


def test_apples_relay_carries_safari_alone() -> None:
    assert follower(clicked(60, agent=SAFARI, network="Cloudflare, Inc."))[0] is H
    assert follower(clicked(60, agent=CHROME, network="Cloudflare, Inc."))[0] is U


@pytest.mark.parametrize("agent", [GMAIL, THUNDERBIRD])
def test_who_had_the_email_open_follows_its_link(agent: str) -> None:
    before = opened(60, GATEWAY, agent)
    assert follower(before, clicked(90)) == (H, "somebody had the email open before")
    assert follower(before, clicked(60 + FIVE_MINUTES))[0] is H
    assert follower(before, clicked(61 + FIVE_MINUTES))[0] is U
    assert follower(before, clicked(60.5))[0] is U


def test_a_desk_where_it_was_opened_stays_the_readers() -> None:
    assert follower(opened(60, READER, THUNDERBIRD), clicked(1500, 1, READER))[0] is H
    assert follower(opened(60, READER, THUNDERBIRD), clicked(1500, 1, GATEWAY))[0] is U


def test_two_visitors_without_an_address_are_not_at_one_desk() -> None:
    assert follower(opened(60, "", THUNDERBIRD), clicked(1500, 1, ""))[0] is U


def test_a_check_at_the_click_comes_from_a_machine_for_hire_after_the_reader() -> None:
    assert follower(opened(HOUR), clicked(HOUR + 60, 1, GATEWAY, CHROME, network=RENTED))[0] is U
    assert follower(opened(HOUR), clicked(HOUR + 60, 1, GATEWAY, CHROME, network="Cisco Systems"))[0] is H


def test_a_machines_opening_is_no_sign() -> None:
    assert follower(opened(2), clicked(60))[0] is U
    assert follower(opened(40, agent=APPLE), clicked(60))[0] is U


def test_where_apple_loaded_the_picture_safari_is_the_readers() -> None:
    load = opened(40, GATEWAY, APPLE)
    assert follower(load, clicked(900, agent=SAFARI))[0] is H
    assert follower(load, clicked(900, agent=CHROME))[0] is U
    assert follower(clicked(900, agent=SAFARI))[0] is U
    assert follower(clicked(900, agent=SAFARI), opened(1000, GATEWAY, APPLE))[0] is U


def test_whoever_presses_the_button_had_looked_at_the_page() -> None:
    view = hit(HitKind.UNSUBSCRIBE_VIEW, 60, GATEWAY, CHROME, network=RENTED)
    assert follower(view)[0] is U
    assert follower(view, hit(HitKind.UNSUBSCRIBE_POST, 75, READER, CHROME))[0] is H
    assert follower(view, hit(HitKind.UNSUBSCRIBE_POST, 75, GATEWAY, FIREFOX))[0] is U
    assert follower(view, hit(HitKind.UNSUBSCRIBE_POST, 60.2, GATEWAY, CHROME))[0] is U


def test_thousands_of_openings_and_links_are_gone_through_at_once() -> None:
    """Of so many one link at a time, minutes apart from any other address."""
    hits = [
        one for step in range(10_000) for one in (opened(40 + step * 4, GATEWAY, THUNDERBIRD), clicked(42 + step * 4))
    ]
    assert {one.hit_class for one in classify(hits, SENT)} == {H}

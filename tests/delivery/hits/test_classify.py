"""Who asked: people, machines, and those of whom nobody can tell; each case after a public description."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miniatures.datamodel.hit import Hit, HitClass, HitKind
from miniatures.delivery.hits.classify import OWN, classify
from miniatures.delivery.hits.rules import RULES_VERSION, known_rules
from tests.delivery.hits.stories import (
    CHROME,
    FIREFOX,
    GATEWAY,
    GATEWAY_2,
    GATEWAY_3,
    GMAIL,
    GMAIL_AHEAD,
    HALF_AN_HOUR,
    HOUR,
    READER,
    SENT,
    THUNDERBIRD,
    clicked,
    hit,
    opened,
)

H, M, U = HitClass.HUMAN, HitClass.MACHINE, HitClass.UNKNOWABLE


def classes(*hits: Hit, links: int | None = None) -> list[HitClass]:
    return [one.hit_class for one in classify(hits, SENT, links)]


def test_somebody_reads_and_follows_a_link() -> None:
    assert classes(opened(HOUR), clicked(HOUR + 30)) == [H, H]


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (opened(HOUR, agent=GMAIL, network="Google LLC"), H),
        (opened(HOUR, agent="YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html"), H),
        (opened(40, agent=GMAIL_AHEAD, network="Google LLC"), M),
        (opened(HOUR, agent="Mozilla/5.0"), U),
        (opened(3, agent="Mozilla/5.0"), U),
        (opened(HOUR, network="Apple Inc."), U),
        (opened(HOUR, address="17.58.1.2"), U),
        (opened(HOUR, network="Proton AG"), U),
        (opened(HOUR, network="Microsoft Corporation"), U),
        (opened(HOUR, address="40.94.29.84"), U),
        (clicked(HOUR, network="Microsoft Corporation"), U),
        (clicked(HOUR, network="M247 Europe SRL"), U),
        (clicked(HOUR, network="Zscaler, Inc."), H),
        (clicked(HOUR, address="40.94.29.84"), M),
        (clicked(HOUR, network="Google Fiber Inc."), H),
        (clicked(HOUR, network="Proton AG"), H),
        (clicked(HOUR, network="San Francisco Fiber"), H),
        (opened(HOUR, network="Mimecast Services"), M),
        (clicked(HOUR, network="Cisco Systems"), U),
        (opened(HOUR, agent="Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.17328; Pro)"), H),
        (clicked(HOUR, agent="Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.17328; Pro)"), M),
        (opened(HOUR, agent=""), U),
        (clicked(HOUR, agent=""), M),
        (clicked(HOUR, agent="python-requests/2.32.3"), M),
        (clicked(HOUR, agent="Barracuda Sentinel (EE)"), M),
        (clicked(HOUR, agent="Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)"), M),
        (clicked(HOUR, agent="Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome/141.0.0.0 Safari/537.36"), M),
        (clicked(HOUR, agent=CHROME.replace("141", "72")), M),
        (clicked(HOUR, headers={"sec-purpose": "prefetch;prerender"}), M),
        (clicked(HOUR, headers={"accept": "*/*"}), M),
        (clicked(HOUR, headers={"accept": "*/*", "accept-language": "de"}), H),
        (opened(HOUR, headers={"accept": "*/*"}), U),
        (opened(HOUR, headers={"accept": "*/*", "accept-language": "de"}), H),
        (opened(HOUR, agent=THUNDERBIRD, headers={"accept": "*/*"}), H),
        (clicked(HOUR, method="HEAD"), M),
        (clicked(HOUR, 0), M),
        (clicked(-2), M),
        (clicked(2), M),
        (opened(2), M),
        (opened(2, agent=GMAIL), U),
        (opened(2, agent=THUNDERBIRD), U),
        (opened(2, agent=THUNDERBIRD, network="Trend Micro Incorporated"), M),
        (clicked(20), U),
        (clicked(HALF_AN_HOUR), U),
        (clicked(HALF_AN_HOUR + 1), H),
        (opened(20), U),
        (opened(31), H),
        (opened(HOUR, headers={OWN: "cookie"}), M),
        (hit(HitKind.UNSUBSCRIBE_POST, -1, agent=""), M),
        (hit(HitKind.UNSUBSCRIBE_POST, 3, agent=""), M),
        (hit(HitKind.UNSUBSCRIBE_POST, 20, agent=""), H),
        (hit(HitKind.UNSUBSCRIBE_VIEW, HOUR), H),
        (hit(HitKind.UNSUBSCRIBE_VIEW, 3), M),
    ],
)
def test_a_hit_by_itself(one: Hit, expected: HitClass) -> None:
    assert classes(one) == [expected]


def test_time_tells_nothing_where_it_is_not_known_when_the_email_was_sent() -> None:
    assert [one.hit_class for one in classify([clicked(1)], None)] == [H]


def test_several_links_at_once_are_a_scan_however_long_after() -> None:
    scan = [clicked(300 + step / 10, link, GATEWAY, CHROME) for step, link in enumerate((1, 2, 3))]
    assert classes(*scan) == [M, M, M]


def test_the_opt_out_page_is_a_link_like_any_other_to_a_scan() -> None:
    view = hit(HitKind.UNSUBSCRIBE_VIEW, 301, GATEWAY, CHROME)
    assert classes(clicked(300, 1, GATEWAY, CHROME), view) == [M, M]


def test_a_scan_is_seen_where_it_varies_address_and_agent() -> None:
    scan = [
        clicked(300, 1, GATEWAY, CHROME),
        clicked(300.2, 2, GATEWAY_2, FIREFOX),
        clicked(300.4, 3, "2001:db8::1", "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_0) Version/17.4 Safari/605.1.15"),
    ]
    assert classes(*scan) == [M, M, M]


def test_a_whole_email_within_ten_seconds_is_a_scan_and_in_a_minute_is_not() -> None:
    quick = [clicked(300 + 3 * step, link, READER) for step, link in enumerate((1, 2, 3, 4))]
    slow = [clicked(HOUR + 20 * step, link, READER) for step, link in enumerate((1, 2, 3, 4))]
    assert classes(*quick, links=4) == [M, M, M, M]
    assert classes(*slow, links=4) == [H, H, H, H]


def test_the_tracking_picture_is_part_of_the_scan() -> None:
    scan = [clicked(300 + step / 10, link, GATEWAY, CHROME) for step, link in enumerate((1, 2, 3))]
    beside = opened(301, GATEWAY_3, FIREFOX)
    proxied = opened(301, "192.0.2.99", GMAIL)
    assert classes(*scan, beside, proxied) == [M, M, M, M, H]


def test_whoever_falls_into_the_trap_is_known_by_address_and_agent_for_good() -> None:
    hits = [clicked(60, 0, GATEWAY, CHROME), clicked(HOUR, 1, GATEWAY, CHROME), clicked(HOUR + 60, 1, GATEWAY, FIREFOX)]
    assert classes(*hits) == [M, M, H]


def test_an_address_is_the_scans_for_a_minute() -> None:
    scan = [clicked(300, 1, GATEWAY, CHROME), clicked(301, 2, GATEWAY, CHROME)]
    assert classes(*scan, opened(330, GATEWAY, FIREFOX), opened(HOUR, GATEWAY, FIREFOX)) == [M, M, M, H]


def test_a_link_is_checked_from_elsewhere_before_the_person_gets_there() -> None:
    assert classes(clicked(HOUR, 1, GATEWAY, CHROME), clicked(HOUR + 2, 1, READER, FIREFOX)) == [M, H]


def test_a_check_that_comes_after_the_person_takes_no_click_away() -> None:
    person, check = clicked(HOUR), clicked(HOUR + 12, 1, GATEWAY, CHROME, network="Amazon.com, Inc.")
    assert classes(person, check) == [H, U]
    assert classes(opened(HOUR - 60), person, check) == [H, H, U]


def test_two_who_follow_the_same_link_later_are_two_people() -> None:
    assert classes(clicked(HOUR, 1, GATEWAY, CHROME), clicked(2 * HOUR, 1, READER, FIREFOX)) == [H, H]


def test_two_programs_next_to_each_other_that_follow_one_link_at_once_are_a_check() -> None:
    first, beside = clicked(HOUR, 1, GATEWAY, CHROME), "198.51.100.21"
    assert classes(first, clicked(HOUR + 1, 1, beside, FIREFOX)) == [M, M]
    assert classes(first, clicked(HOUR + 1, 1, beside, CHROME)) == [H, H]
    assert classes(first, clicked(HOUR + 60, 1, beside, FIREFOX)) == [H, H]


def test_whoever_had_the_email_open_is_no_check() -> None:
    hits = [opened(HOUR - 60, READER), clicked(HOUR, 1, READER), clicked(HOUR + 5, 1, GATEWAY, CHROME)]
    assert classes(*hits) == [H, H, H]


def test_a_phone_that_changes_its_address_is_one_person() -> None:
    assert classes(clicked(HOUR, 1, READER, FIREFOX), clicked(HOUR + 3, 1, "2001:db8::7", FIREFOX)) == [H, H]


def test_office_asks_for_the_head_of_what_its_user_follows() -> None:
    office = clicked(HOUR, 1, READER, "Microsoft Office Word 2014", method="HEAD")
    assert classes(office, clicked(HOUR + 1, 1, READER, FIREFOX)) == [M, H]


def test_a_scan_of_thousands_is_gone_through_at_once() -> None:
    hits = [clicked(300 + step / 100, step % 5, f"192.0.2.{step % 250}", CHROME) for step in range(20_000)]
    assert set(classes(*hits)) == {M}


_KINDS = st.sampled_from(HitKind)
_HITS = st.builds(
    hit,
    _KINDS,
    st.floats(-60, 7200),
    st.sampled_from([READER, GATEWAY, GATEWAY_2, "2001:db8::1", "17.1.2.3", ""]),
    st.sampled_from([FIREFOX, CHROME, GMAIL, "Mozilla/5.0", "", "curl/8.5"]) | st.text(max_size=40),
    link=st.none() | st.integers(0, 6),
    method=st.sampled_from(["GET", "HEAD"]),
    network=st.none() | st.sampled_from(["", "Apple Inc.", "Microsoft", "Village Broadband"]),
    headers=st.dictionaries(st.sampled_from(["accept", "purpose", OWN]), st.text(max_size=10)),
)


@given(st.lists(_HITS, max_size=12), st.none() | st.integers(0, 5))
def test_every_hit_has_a_class_and_a_reason_and_the_same_ones_again(hits: list[Hit], links: int | None) -> None:
    ordered = sorted(hits, key=lambda one: one.at)
    judged = classify(ordered, SENT, links)
    assert len(judged) == len(ordered)
    assert judged == classify(ordered, SENT, links)
    for one, told in zip(ordered, judged, strict=True):
        assert told.why
        if one.method == "HEAD" and one.kind is not HitKind.UNSUBSCRIBE_POST:
            assert told.hit_class is M
        if one.kind is HitKind.UNSUBSCRIBE_POST and not one.headers.get(OWN):
            assert told.hit_class is (H if one.at > SENT + timedelta(seconds=10) else M)


@given(st.lists(_HITS, max_size=8))
def test_whether_an_opt_out_was_a_persons_depends_on_nothing_beside_it(hits: list[Hit]) -> None:
    """Those who count opt-outs alone, without the other hits, come to the same."""
    ordered = sorted(hits, key=lambda one: one.at)
    judged = classify(ordered, SENT)
    for one, told in zip(ordered, judged, strict=True):
        if one.kind is HitKind.UNSUBSCRIBE_POST:
            assert classify([one], SENT) == [told]


@given(st.lists(_HITS, max_size=8))
def test_the_clock_of_the_hits_alone_decides(hits: list[Hit]) -> None:
    """A whole story told a year later is judged alike."""
    ordered = sorted(hits, key=lambda one: one.at)
    year = timedelta(days=365)
    later: list[Any] = [one.model_copy(update={"at": one.at + year}) for one in ordered]
    assert classify(ordered, SENT) == classify(later, SENT + year)


def test_rules_have_a_version_and_their_ranges_are_read_once() -> None:
    assert len(RULES_VERSION) == 12
    assert known_rules() is known_rules()

"""Rates come as bounds: what was a person's for certain, and what may have been; each email counts once at most."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from miniatures.datamodel.hit import HitClass, HitKind
from miniatures.delivery.hits.classify import OWN
from miniatures.delivery.hits.engagement import Bounds, Engagement, clicks, engagement, opens
from tests.delivery.hits.stories import APPLE, GATEWAY, GMAIL, HOUR, SENT, clicked, hit, opened


def test_an_email_counts_once_by_the_surest_of_its_hits() -> None:
    hits = [opened(2, GATEWAY), opened(60, agent=APPLE), opened(HOUR, agent=GMAIL), opened(2 * HOUR, agent=GMAIL)]
    found = engagement(hits, SENT)
    assert found == Engagement(opened=HitClass.HUMAN)
    assert opens([found]) == Bounds(low=1, high=1)


def test_what_apple_fetched_is_between_the_bounds() -> None:
    emails = [
        engagement([opened(60, agent=APPLE)], SENT),
        engagement([opened(HOUR, agent=GMAIL)], SENT),
        engagement([opened(1)], SENT),
        engagement([], SENT),
    ]
    assert opens(emails) == Bounds(low=1, high=2)


def test_a_link_that_nobody_can_tell_who_followed_is_between_the_bounds() -> None:
    emails = [engagement([clicked(300)], SENT), engagement([clicked(HOUR)], SENT), engagement([clicked(2)], SENT)]
    assert clicks(emails) == Bounds(low=1, high=2)


def test_links_followed_by_machines_or_by_the_sender_count_for_nothing() -> None:
    emails = [
        engagement([clicked(HOUR, 0)], SENT),
        engagement([clicked(HOUR, headers={OWN: "cookie"})], SENT),
        engagement([clicked(HOUR)], SENT),
    ]
    assert clicks(emails) == Bounds(low=1, high=1)


def test_looking_at_the_opt_out_page_is_neither_a_click_nor_an_opt_out() -> None:
    assert engagement([hit(HitKind.UNSUBSCRIBE_VIEW, HOUR)], SENT) == Engagement()
    assert engagement([hit(HitKind.UNSUBSCRIBE_POST, HOUR)], SENT) == Engagement(opted_out=True)


@given(st.lists(st.builds(Engagement, opened=st.none() | st.sampled_from(HitClass)), max_size=30))
def test_bounds_are_in_order_and_within_the_emails(emails: list[Engagement]) -> None:
    found = opens(emails)
    assert 0 <= found.low <= found.high <= len(emails)

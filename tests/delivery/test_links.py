"""The links of an email's text and who is tracked."""

from __future__ import annotations

import pytest

from miniatures.datamodel.send_settings import TrackingSettings
from miniatures.delivery.links import is_tracked, links_of
from tests.delivery.composing import BRIEF, LINK, message


@pytest.mark.parametrize(
    ("body", "targets"),
    [
        (f"See {LINK}.", (LINK,)),
        (f"({LINK}), and {LINK}!", (LINK, LINK)),
        ("See tarnwick.example/cold-stores or www.tarnwick.example/cold-stores/", (LINK, LINK)),
        ("See https://tarnwick.example/prices?list=a&year=2026", ("https://tarnwick.example/prices?list=a&year=2026",)),
        ("See https://evil.example/cold-stores and https://tarnwick.example/other, tarnwick.example", ()),
        ("詳細はhttps://tarnwick.example/cold-storesをご覧ください。", (LINK,)),
        ("Write to maren@tarnwick.example", ()),
        ("See https://tarnwick.example/cold-stores.evil.example", ()),
        ("", ()),
    ],
)
def test_links_are_the_briefs_own_in_the_order_of_the_text(body: str, targets: tuple[str, ...]) -> None:
    assert links_of(body, BRIEF) == targets


@pytest.mark.parametrize(
    ("off_in", "country", "tracked"),
    [
        ((), "DE", True),
        ((), "", True),
        (("DE",), "de", False),
        (("de",), "DE", False),
        (("DE",), "FR", True),
        (("DE",), "", False),
    ],
)
def test_a_country_that_is_left_out_is_not_tracked_nor_is_one_that_is_not_known(
    off_in: tuple[str, ...], country: str, tracked: bool
) -> None:
    tracking = TrackingSettings(url="https://t.example.com", off_in=off_in)
    assert is_tracked(message(country=country), tracking) is tracked


def test_without_tracking_nobody_is_tracked() -> None:
    assert not is_tracked(message(), None)

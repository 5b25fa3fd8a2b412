"""What stands below each email."""

from __future__ import annotations

import pytest

from miniatures.delivery.footer import opt_out_by_mail, opt_out_by_page, sender_line
from tests.delivery.composing import BRIEF

PAGE = "https://t.tarnwick.example/u/TOKEN"


def test_the_company_stands_before_its_postal_address_once() -> None:
    assert sender_line(BRIEF) == "Tarnwick Instruments, 14 Ropery Yard, Kingsbeck KB1 4ZZ, United Kingdom"
    named = BRIEF.sender.model_copy(update={"postal_address": "Tarnwick Instruments Ltd,\n14 Ropery Yard"})
    assert sender_line(BRIEF.model_copy(update={"sender": named})) == "Tarnwick Instruments Ltd, 14 Ropery Yard"


@pytest.mark.parametrize(
    ("language", "begins"),
    [("en", "If you"), ("de-AT", "Wenn Sie"), ("fr", "Si vous"), ("es", "Si prefiere"), ("it", "Se pre"),
     ("nl", "Als u"), ("ja", "If you"), ("DE", "Wenn Sie")],
)  # fmt: skip
def test_our_line_is_in_the_briefs_language_and_names_stop_and_the_link(language: str, begins: str) -> None:
    by_page = opt_out_by_page(PAGE, "", language)
    by_mail = opt_out_by_mail("mailto:stop@tarnwick.example?subject=STOP", "stop@tarnwick.example", "", language)
    assert by_page.before.startswith(begins)
    assert "STOP" in by_page.before
    assert "STOP" in by_mail.before
    assert (by_page.written, by_page.shown) == (PAGE, "t.tarnwick.example")
    assert (by_mail.written, by_mail.shown) == ("stop@tarnwick.example", "stop@tarnwick.example")


def test_the_campaigns_own_line_has_the_link_where_it_says_so_or_at_its_end() -> None:
    assert opt_out_by_page(PAGE, "Click {link} to stop.", "en")[::4] == ("Click ", " to stop.")
    assert opt_out_by_page(PAGE, "No more? ", "en")[::4] == ("No more? ", "")

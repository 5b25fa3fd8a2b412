"""A sentence is kept with what stands around it in its own section."""

from __future__ import annotations

from miniatures.agents.passages import passages
from tests.agents.scene import page

TEXT = """Welcome to our site, which has been here for many years.
Diary
Sunday 8 February 2026.
The new kettle arrived on a lorry from Leeds. It holds twice as much as the old one.
Press
FOR IMMEDIATE RELEASE. The brewery opened a second hall in Hexham this week. Visitors are welcome on Saturdays."""


def test_neighbours_heading_and_date_line_are_kept() -> None:
    found = {one.text: one for one in passages(page(TEXT))}
    kettle = found["The new kettle arrived on a lorry from Leeds."]
    assert (kettle.heading, kettle.dateline) == ("Diary", "Sunday 8 February 2026.")
    assert kettle.before == "Sunday 8 February 2026."
    assert kettle.after == "It holds twice as much as the old one."
    hall = found["The brewery opened a second hall in Hexham this week."]
    assert hall.heading == "Press"
    assert hall.before.startswith("FOR IMMEDIATE RELEASE")
    assert hall.after == "Visitors are welcome on Saturdays."


def test_the_first_section_has_no_heading_and_a_long_neighbour_is_left_out() -> None:
    long = "Word " * 80 + "end."
    first, *_ = passages(page(f"A sentence that says something here. {long} Another one that is said after it."))
    assert (first.heading, first.after) == ("", "")


def test_every_sentence_is_a_verbatim_slice() -> None:
    assert all(one.text in TEXT for one in passages(page(TEXT)))

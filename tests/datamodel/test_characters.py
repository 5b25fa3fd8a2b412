"""What no reader sees is known, all of it, and no run of accents takes the time of its square."""

from __future__ import annotations

import re
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miniatures.agents.tools.extract.clean import clean_line
from miniatures.datamodel.characters import INVISIBLE, JOINERS, nfc
from miniatures.datamodel.prospect import one_line

UNSEEN = re.compile(f"[{INVISIBLE}{JOINERS}]")
SHOWN_FORMATS = re.compile("[\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd]")
"""Signs that enclose digits or stand over letters: format characters that are drawn."""


def test_every_format_character_that_is_not_drawn_is_known() -> None:
    formats = (chr(code) for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code)) == "Cf")
    assert [f"U+{ord(one):04X}" for one in formats if not UNSEEN.match(one) and not SHOWN_FORMATS.match(one)] == []


@pytest.mark.parametrize(
    "unseen",
    ["\u00ad", "\u034f", "\u180e", "\U000e0041", "\u2800", "\u3164", "\ufffc", "\ufdd0", "\uffff", "\U0001d159"],
)
def test_the_unseen_is_dropped_from_pages_and_prospects(unseen: str) -> None:
    assert clean_line(f"Nord{unseen}vik opens") == "Nordvik opens"
    assert one_line(f"Nord{unseen}vik {unseen} AS") == "Nordvik AS"


def test_names_keep_their_joiners_and_controls_become_spaces() -> None:
    assert (
        one_line("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645")
        == "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"
    )
    assert one_line("Frio\r\nBcc:\x00all") == "Frio Bcc: all"


def test_no_mark_is_left_out() -> None:
    marks = [chr(code) for code in range(sys.maxunicode + 1) if unicodedata.combining(chr(code))]
    assert [mark for mark in marks if len(nfc("x" + mark * 100)) > 62] == []


def test_what_languages_write_is_only_composed() -> None:
    for text in ("e\u0301te\u0301", "\u0b95\u0bca", "\u05e9\u05c1\u05b8\u05dc\u05d5\u05b9\u05dd", "\U0001f389" * 99):
        assert nfc(text) == unicodedata.normalize("NFC", text)


@given(st.text(alphabet=st.sampled_from("a\u0301\u0323\u0344\u0958\u1f82\uac00\u11a8\u09be\u0f71"), max_size=120))
def test_composing_twice_is_composing_once(text: str) -> None:
    assert nfc(nfc(text)) == nfc(text) == unicodedata.normalize("NFC", nfc(text))

"""The share of words changed, against its definition."""

from __future__ import annotations

import time
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miniatures.review.edit_distance import edit_distance

texts = st.lists(st.sampled_from("abcd"), max_size=9).map(" ".join)


@pytest.mark.parametrize(
    ("before", "after", "share"),
    [
        ("", "", 0),
        ("one two", "one  two\n", 0),
        ("one two three four", "one 2 three four", 0.25),
        ("one two three four", "one three four", 0.25),
        ("one two", "one two three four", 0.5),
        ("a b c", "x y z", 1),
        ("", "a b", 1),
    ],
)
def test_share_of_words_changed(before, after, share):
    assert edit_distance(before, after) == share


def test_a_changed_word_in_a_text_without_measure_takes_no_time():
    words = [f"w{number}" for number in range(50_000)]
    started = time.monotonic()
    assert edit_distance(" ".join(words), " ".join([*words[:9], "x", *words[10:]])) == 1 / 50_000
    assert time.monotonic() - started < 10


@given(texts, texts)
def test_it_is_the_levenshtein_distance_by_its_definition(before, after):
    old, new = before.split(), after.split()

    @cache
    def distance(i: int, j: int) -> int:
        if not i or not j:
            return i + j
        exchanged = distance(i - 1, j - 1) + (old[i - 1] != new[j - 1])
        return min(exchanged, distance(i - 1, j) + 1, distance(i, j - 1) + 1)

    assert edit_distance(before, after) == distance(len(old), len(new)) / max(len(old), len(new), 1)


@given(st.text(), st.text())
def test_it_is_a_share_and_symmetric(before, after):
    share = edit_distance(before, after)
    assert 0 <= share <= 1
    assert share == edit_distance(after, before)
    assert (share == 0) == (before.split() == after.split())

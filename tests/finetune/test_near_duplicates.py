"""Near-duplicates are those that the definition names, groups are connected, and diversity is a share of n-grams."""

from __future__ import annotations

import random
import string
import time
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from miniatures.finetune.near_duplicates import (
    NEAR,
    connected,
    distinct_ratio,
    duplicate_groups,
    near_duplicates,
    shingles,
)

LINE = "in september 2026 we opened a store of 9,400 pallet places at larvik, our third on the oslofjord"
TEXTS = st.lists(st.lists(st.sampled_from("abc"), max_size=9).map(" ".join), max_size=9)


def jaccard(one: str, other: str) -> float:
    left, right = shingles(one), shingles(other)
    return len(left & right) / len(left | right)


@settings(max_examples=3 * settings.default.max_examples)
@given(TEXTS, st.sampled_from([0.2, 0.5, NEAR, 1.0]))
def test_the_index_finds_what_comparing_all_pairs_finds(texts, threshold):
    expected = [(a, b) for a, b in combinations(range(len(texts)), 2) if jaccard(texts[a], texts[b]) >= threshold]
    assert sorted(near_duplicates(texts, threshold)) == expected


@pytest.mark.parametrize("seed", [1, 2])
def test_many_letters_with_one_closing_line(seed):
    drawn = random.Random(seed)
    letters = [[drawn.choice(string.ascii_letters) for _ in range(40)] for _ in range(40)]
    texts = [" ".join([*_changed(drawn.choice(letters), drawn), LINE]) for _ in range(120)]
    expected = [(a, b) for b in range(120) for a in range(b) if jaccard(texts[a], texts[b]) >= NEAR]
    assert expected
    assert near_duplicates(texts) == near_duplicates(texts) == expected


def _changed(words: list[str], drawn: random.Random) -> list[str]:
    share = drawn.choice([0, 0.02, 0.05, 0.1])
    return [drawn.choice(string.ascii_letters) if drawn.random() < share else word for word in words]


def test_thousands_that_are_the_same_are_not_compared_pair_by_pair():
    started = time.monotonic()
    assert duplicate_groups([LINE * 5] * 10_000) == [0] * 10_000
    assert time.monotonic() - started < 10


@settings(max_examples=3 * settings.default.max_examples)
@given(TEXTS, st.sampled_from([0.2, 0.5, NEAR, 1.0]))
def test_groups_are_those_of_all_pairs(texts, threshold):
    alone = [(place, place) for place in range(len(texts))]
    assert duplicate_groups(texts, threshold) == list(connected([*alone, *near_duplicates(texts, threshold)]).values())


@given(TEXTS)
def test_groups_are_connected_and_named_by_their_first_text(texts):
    groups = duplicate_groups(texts)
    for one, other in near_duplicates(texts):
        assert groups[one] == groups[other]
    for place, first in enumerate(groups):
        assert groups[first] == first <= place


def test_case_and_punctuation_make_no_difference_and_a_changed_word_does():
    assert near_duplicates([LINE, LINE.upper().replace(",", ";")]) == [(0, 1)]
    assert near_duplicates([LINE, LINE.replace("store of 9,400", "hall of 1,200")]) == []


def test_a_short_text_is_compared_as_a_whole():
    assert near_duplicates(["Best regards", "best regards!", "Kind regards"]) == [(0, 1)]


@pytest.mark.parametrize(("texts", "ratio"), [(["a b c"], 1.0), (["a b", "a b"], 0.5), (["a"], 0.0), ([], 0.0)])
def test_distinct_ratio(texts, ratio):
    assert distinct_ratio(texts, 2) == ratio

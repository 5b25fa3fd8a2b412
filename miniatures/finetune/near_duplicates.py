"""Finds texts that are nearly the same, by the Jaccard index of their word 5-grams.

Exact at any size, over an inverted index of each text's rarest 5-grams, of which two texts that are alike enough share
one (prefix filtering; Bayardo, Ma and Srikant, 2007, doi 10.1145/1242572.1242591). What many texts say, such as a
call to action, is common and makes no two of them be compared.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from math import ceil
from typing import TypeVar

Name = TypeVar("Name", int, str)

_WORD = re.compile(r"\w+")
NEAR = 0.7
"""Jaccard index from which two texts count as nearly the same."""
_WORDS = 5


def shingles(text: str) -> frozenset[tuple[str, ...]]:
    """The text's word 5-grams, in small letters; the whole text if it is shorter."""
    words = _WORD.findall(text.lower())
    return frozenset(tuple(words[at : at + _WORDS]) for at in range(max(1, len(words) - _WORDS + 1)))


def near_duplicates(texts: Sequence[str], threshold: float = NEAR) -> list[tuple[int, int]]:
    """Pairs of places (earlier, later) whose Jaccard index is at least `threshold`."""
    known = [shingles(text) for text in texts]
    spread = Counter(gram for grams in known for gram in grams)
    places: dict[tuple[str, ...], list[int]] = defaultdict(list)
    pairs = []
    for place, grams in enumerate(known):
        spared = ceil(threshold * len(grams)) - 1  # Two sets that share only these are too little alike.
        rarest = sorted(grams, key=lambda gram: (spread[gram], gram))[: len(grams) - spared]
        for other in sorted({other for gram in rarest for other in places[gram]}):
            shared = len(grams & known[other])
            if shared >= threshold * (len(grams) + len(known[other]) - shared):
                pairs.append((other, place))
        for gram in rarest:
            places[gram].append(place)
    return pairs


def duplicate_groups(texts: Sequence[str], threshold: float = NEAR) -> list[int]:
    """For each text the place of its group's first text: connected near-duplicates share one."""
    alone = [(place, place) for place in range(len(texts))]
    return list(connected([*alone, *near_duplicates(texts, threshold)]).values())


def connected(pairs: Iterable[tuple[Name, Name]]) -> dict[Name, Name]:
    """For each name that stands in a pair the least of all that pairs connect with it (union-find)."""
    parent: dict[Name, Name] = {}

    def root(name: Name) -> Name:
        while parent.setdefault(name, name) != name:
            name = parent[name]
        return name

    for one, other in pairs:
        low, high = sorted((root(one), root(other)))
        parent[high] = low
    return {name: root(name) for name in list(parent)}


def distinct_ratio(texts: Sequence[str], words: int) -> float:
    """Distinct n-grams over all n-grams of the texts (distinct-n; Li et al., 2016, arXiv 1510.03055)."""
    seen: Counter[tuple[str, ...]] = Counter()
    for text in texts:
        tokens = _WORD.findall(text.lower())
        seen.update(tuple(tokens[at : at + words]) for at in range(len(tokens) - words + 1))
    return len(seen) / max(1, seen.total())

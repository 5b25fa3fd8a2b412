"""Finds texts that are nearly the same, by the Jaccard index of their word 5-grams.

Exact at any size, over an inverted index of each text's rarest 5-grams, of which two texts that are alike enough share
one (prefix filtering; Bayardo, Ma and Srikant, 2007, doi 10.1145/1242572.1242591). What many texts say, such as a
call to action, is common and makes no two of them be compared.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from math import ceil
from typing import Generic, TypeVar

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
    return list(_pairs([shingles(text) for text in texts], threshold, _Groups()))


def duplicate_groups(texts: Sequence[str], threshold: float = NEAR) -> list[int]:
    """For each text the place of its group's first text: connected near-duplicates share one.

    Texts that are connected already are not compared, so that thousands that are nearly the same take seconds.
    """
    known = [shingles(text) for text in texts]
    same: dict[frozenset[tuple[str, ...]], int] = {}
    firsts = [same.setdefault(grams, place) for place, grams in enumerate(known)]
    groups = _Groups()
    distinct = list(same.values())
    for one, other in _pairs(list(same), threshold, groups):
        groups.join(one, other)
    number = {place: at for at, place in enumerate(distinct)}
    return [distinct[groups.root(number[first])] for first in firsts]


class _Groups(Generic[Name]):
    """Names that pairs connect; each group is called by its least (union-find)."""

    def __init__(self) -> None:
        self._parent: dict[Name, Name] = {}

    def root(self, name: Name) -> Name:
        parent = self._parent
        while (above := parent.setdefault(name, name)) != name:
            parent[name] = name = parent[above]
        return name

    def join(self, one: Name, other: Name) -> None:
        low, high = sorted((self.root(one), self.root(other)))
        self._parent[high] = low

    def names(self) -> list[Name]:
        return list(self._parent)


def _pairs(
    known: Sequence[frozenset[tuple[str, ...]]], threshold: float, groups: _Groups[int]
) -> Iterator[tuple[int, int]]:
    """Pairs of places that are alike enough and, as far as `groups` says when it is their turn, not connected."""
    spread = Counter(gram for grams in known for gram in grams)
    places: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for place, grams in enumerate(known):
        spared = ceil(threshold * len(grams)) - 1  # Two sets that share only these are too little alike.
        rarest = sorted(grams, key=lambda gram: (spread[gram], gram))[: len(grams) - spared]
        for other in sorted({other for gram in rarest for other in places[gram]}):
            if groups.root(other) == groups.root(place):
                continue
            shared = len(grams & known[other])
            if shared >= threshold * (len(grams) + len(known[other]) - shared):
                yield other, place
        for gram in rarest:
            places[gram].append(place)


def connected(pairs: Iterable[tuple[Name, Name]]) -> dict[Name, Name]:
    """For each name that stands in a pair the least of all that pairs connect with it."""
    groups: _Groups[Name] = _Groups()
    for one, other in pairs:
        groups.join(one, other)
    return {name: groups.root(name) for name in groups.names()}


def distinct_ratio(texts: Sequence[str], words: int) -> float:
    """Distinct n-grams over all n-grams of the texts (distinct-n; Li et al., 2016, arXiv 1510.03055)."""
    seen: Counter[tuple[str, ...]] = Counter()
    for text in texts:
        tokens = _WORD.findall(text.lower())
        seen.update(tuple(tokens[at : at + words]) for at in range(len(tokens) - words + 1))
    return len(seen) / max(1, seen.total())

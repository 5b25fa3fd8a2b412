"""Draws the sides of a dataset: whole companies, by seed, with those that nearly the same words join on one side.

A dataset that grows is drawn anew, so a company of the old test side may come to the new training side. Where versions
are to be compared, the sides of the earlier dataset are kept.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence

from miniatures.checks.company_names import company_key
from miniatures.datamodel.dataset import Split
from miniatures.datamodel.example import Example
from miniatures.finetune.dataset.folder import Dataset
from miniatures.finetune.near_duplicates import connected

Kept = Sequence[tuple[Example, int]]
"""Examples, each with the number of its group of near-duplicates."""


def split_by_company(
    kept: Kept, shares: Mapping[Split, float], *, seed: int, known: Mapping[str, Split] | None = None
) -> dict[Split, list[Example]]:
    """Every example on one side: the shares of all examples that go to sides, in this order; the rest is trained on.

    Companies in `known`, by their key, stay on their side; one that is now joined with a trained one is trained on.
    """
    clusters = _clusters(kept)
    sizes = Counter(clusters[company_key(example.company)] for example, _ in kept)
    settled = _kept_sides(clusters, known or {})
    drawn = sorted(set(clusters.values()) - set(settled))
    random.Random(seed).shuffle(drawn)
    room = {split: share * len(kept) for split, share in shares.items()}
    sides: dict[str, Split] = {}
    for name in [*settled, *drawn]:
        free = (split for split, left in room.items() if left >= sizes[name] / 2)
        side = settled.get(name) or next(free, Split.TRAIN)
        sides[name] = side
        if side in room:
            room[side] -= sizes[name]
    result: dict[Split, list[Example]] = {split: [] for split in Split}
    for example, _ in kept:
        result[sides[clusters[company_key(example.company)]]].append(example)
    return {split: sorted(side, key=lambda example: example.id) for split, side in result.items()}


def sides_of(dataset: Dataset) -> dict[str, Split]:
    """The side of each company, by its key."""
    return {company_key(row.example.company): split for split in Split for row in dataset.rows(split)}


def _kept_sides(clusters: Mapping[str, str], known: Mapping[str, Split]) -> dict[str, Split]:
    """The sides of clusters that hold a known company: of several, the one that sees most."""
    order = list(Split)
    sides: dict[str, Split] = {}
    for company, cluster in clusters.items():
        if company in known:
            sides[cluster] = min(known[company], sides.get(cluster, order[-1]), key=order.index)
    return sides


def _clusters(kept: Kept) -> dict[str, str]:
    """For each company the name of its cluster: companies joined by near-duplicates share the first one's."""
    first: dict[int, str] = {}
    owned = [(company_key(example.company), group) for example, group in kept]
    return connected((company, first.setdefault(group, company)) for company, group in owned)

"""Plans which examples pass through the model together, so that what their prompts share is computed once.

Prompts of one campaign begin alike: the instructions and the brief. Examples with a common beginning are laid out as
one prefix and several branches. The result is exactly that of separate examples, because a branch sees the prefix and
itself only; the work is less.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from miniatures.finetune.dataset.rendering import Tokenized

_SHORTEST_PREFIX = 16


@dataclass(frozen=True)
class MicroBatch:
    """Examples by place, and how many tokens all of them begin with."""

    examples: tuple[int, ...]
    prefix: int

    def positions(self, examples: Sequence[Tokenized]) -> int:
        """Positions that the model computes for it, padding included."""
        longest = max(len(examples[place].tokens) for place in self.examples)
        return self.prefix + len(self.examples) * (longest - self.prefix)


def plan(
    examples: Sequence[Tokenized], epochs: int, tokens: int, seed: int, *, share: bool = True
) -> list[list[MicroBatch]]:
    """For each epoch its micro-batches in random order, each of at most `tokens` computed positions.

    An example longer than that stands alone. Groups are drawn anew in each epoch; equal seeds give equal plans.
    """
    chance = random.Random(seed)
    return [_epoch(examples, tokens, chance, share) for _ in range(epochs)]


def _epoch(examples: Sequence[Tokenized], tokens: int, chance: random.Random, share: bool) -> list[MicroBatch]:
    groups: dict[str, list[int]] = {}
    for place, example in enumerate(examples):
        groups.setdefault(example.family if share else "", []).append(place)
    batches = []
    for members in groups.values():
        chance.shuffle(members)
        members.sort(key=lambda place: len(examples[place].tokens) // 48)
        batches.extend(_fill(examples, members, tokens, share))
    chance.shuffle(batches)
    return batches


def _fill(examples: Sequence[Tokenized], members: list[int], tokens: int, share: bool) -> list[MicroBatch]:
    batches: list[MicroBatch] = []
    for place in members:
        larger = batch_of(examples, (*batches[-1].examples, place), share) if batches else None
        if larger is not None and larger.positions(examples) <= tokens:
            batches[-1] = larger
        else:
            batches.append(batch_of(examples, (place,), share))
    return batches


def batch_of(examples: Sequence[Tokenized], members: Sequence[int], share: bool) -> MicroBatch:
    """These examples as one micro-batch."""
    return MicroBatch(tuple(members), common_prefix(examples, members) if share else 0)


def common_prefix(examples: Sequence[Tokenized], members: Sequence[int]) -> int:
    """How many tokens all prompts begin with; 0 for one example, or where sharing would not pay."""
    if len(members) < 2:
        return 0
    first = examples[members[0]].tokens
    length = min(examples[place].prompt for place in members) - 1
    for place in members[1:]:
        other = examples[place].tokens
        if first[:length] == other[:length]:
            continue
        length = next(at for at in range(length) if first[at] != other[at])
    return length if length >= _SHORTEST_PREFIX else 0

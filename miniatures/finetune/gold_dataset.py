"""All examples of gold folders: the emails with their variants, and the researcher's questions."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

from miniatures.datamodel.example import Example
from miniatures.finetune.gold import GoldFolder, read_gold
from miniatures.finetune.gold_check import failures
from miniatures.finetune.gold_examples import researcher_examples, writer_example
from miniatures.finetune.variants import Pools, variants


def gold_examples(folders: Sequence[Path], seed: int, variants_each: int) -> tuple[list[Example], int]:
    """Every example of the folders, and how many emails were left out because a check refused them.

    Raises:
        InputError: a folder holds mistakes.
    """
    read = [read_gold(folder) for folder in folders]
    pools = Pools.of(read)
    chance = random.Random(seed)
    examples: list[Example] = []
    refused = 0
    for folder in read:
        bad = {id(email) for email, _ in failures(folder)}
        refused += len(bad)
        examples.extend(_written(folder, bad, pools, chance, variants_each))
        examples.extend(researcher_examples(folder, seed))
    return examples, refused


def _written(
    folder: GoldFolder, bad: set[int], pools: Pools, chance: random.Random, variants_each: int
) -> list[Example]:
    examples = [writer_example(case, folder) for case in folder.cases]
    for email in folder.emails:
        if id(email) in bad:
            continue
        examples.append(writer_example(email, folder))
        examples.extend(variants(email, folder, pools, variants_each, chance))
    return examples

"""All examples of gold folders: the emails, the labelled sentences, their variants, and the researcher's questions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from miniatures.datamodel.example import Example
from miniatures.finetune.gold.check import failures
from miniatures.finetune.gold.examples import researcher_examples, writer_example
from miniatures.finetune.gold.exchange import Pools
from miniatures.finetune.gold.folder import read_gold
from miniatures.finetune.gold.sightings import folder_sightings
from miniatures.finetune.gold.variants import folder_variants


def gold_examples(folders: Sequence[Path], seed: int, variants_each: int) -> tuple[list[Example], int]:
    """Every example of the folders, and how many emails were left out because a check refused them.

    Raises:
        InputError: a folder holds mistakes.
    """
    read = [read_gold(folder) for folder in folders]
    pools = Pools.of(read)
    examples: list[Example] = []
    refused = 0
    for folder in read:
        bad = {id(email) for email, _ in failures(folder)}
        refused += len(bad)
        emails = [email for email in folder.emails if id(email) not in bad]
        examples.extend(writer_example(case, folder) for case in (*folder.cases, *emails))
        examples.extend(folder_variants(folder, emails, pools, variants_each, seed))
        examples.extend(researcher_examples(folder, seed))
        examples.extend(folder_sightings(folder, pools, variants_each, seed))
    return examples, refused

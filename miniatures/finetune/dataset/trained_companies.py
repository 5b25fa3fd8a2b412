"""Says which companies a miniature was trained on, so that it is not measured on them; a card holds their hashes only.

A dataset that grows draws its sides anew: a case that was held out once may have been trained on by another version.
"""

from __future__ import annotations

from collections.abc import Iterable

from miniatures.checks.company_names import company_key
from miniatures.datamodel.dataset import Split
from miniatures.datamodel.hashing import text_hash
from miniatures.finetune.dataset.folder import Dataset

_DIGITS = 12


def trained_companies(dataset: Dataset, roles: Iterable[str]) -> tuple[str, ...]:
    """The companies of the sides that training looks at, hashed, in alphabetical order."""
    rows = (row for split in (Split.TRAIN, Split.VALIDATION) for row in dataset.rows(split, [*roles]))
    return tuple(sorted({company_hash(row.example.company) for row in rows}))


def company_hash(company: str) -> str:
    """The first digits of the hash that all spellings of a company's name share."""
    return text_hash(company_key(company))[:_DIGITS]

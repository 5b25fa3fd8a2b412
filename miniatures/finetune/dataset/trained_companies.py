"""Says which companies a miniature was trained on, so that it is not measured on them; a card holds their hashes only.

A dataset that grows draws its sides anew: a case that was held out once may have been trained on by another version.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

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


def was_trained_on(company: str, hashes: Collection[str]) -> bool:
    """Whether a card holds the hash of this company; one that is older may hold that of its name without numbers."""
    key = company_key(company)
    without_numbers = " ".join(word for word in key.split() if not word.isdigit()) or key
    return company_hash(company) in hashes or text_hash(without_numbers)[:_DIGITS] in hashes

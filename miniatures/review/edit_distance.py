"""How much of a text an edit changed, in words: what an accepted draft still costs a person."""

from __future__ import annotations

from collections.abc import Sequence


def edit_distance(before: str, after: str) -> float:
    """Share of words changed, 0 to 1: the Levenshtein distance over words, by the number of words of the longer text.

    Words are what white space separates, so a changed comma changes a word, and a changed line break does not.
    """
    old, new = before.split(), after.split()
    return _levenshtein(old, new) / max(len(old), len(new), 1)


def _levenshtein(old: Sequence[str], new: Sequence[str]) -> int:
    """Fewest words inserted, deleted or exchanged (Wagner and Fischer, 1974)."""
    row = list(range(len(new) + 1))
    for number, word in enumerate(old, start=1):
        diagonal, row[0] = row[0], number
        for place, other in enumerate(new, start=1):
            exchanged = diagonal + (word != other)
            diagonal, row[place] = row[place], min(exchanged, row[place] + 1, row[place - 1] + 1)
    return row[-1]

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
    """Fewest words inserted, deleted or exchanged (Wagner and Fischer, 1974).

    A common beginning or end has none of them; the time is that of the product of what is left of both.
    """
    old, new = _differing(old, new)
    row = list(range(len(new) + 1))
    for number, word in enumerate(old, start=1):
        diagonal, row[0] = row[0], number
        for place, other in enumerate(new, start=1):
            exchanged = diagonal + (word != other)
            diagonal, row[place] = row[place], min(exchanged, row[place] + 1, row[place - 1] + 1)
    return row[-1]


def _differing(old: Sequence[str], new: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    """Both without the words that they begin with alike and end with alike."""
    start = _alike(old, new)
    old, new = old[start:], new[start:]
    end = _alike(old[::-1], new[::-1])
    return old[: len(old) - end], new[: len(new) - end]


def _alike(one: Sequence[str], other: Sequence[str]) -> int:
    pairs = zip(one, other, strict=False)
    return next((place for place, (word, same) in enumerate(pairs) if word != same), min(len(one), len(other)))

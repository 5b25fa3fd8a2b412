"""Reads the word lists that the checks look things up in: plain text files in `lists/`, so that code stays code.

A list holds words separated by white space, a table one row a line: a name, a colon and what belongs to it.
"""

from __future__ import annotations

from importlib.resources import files

_LISTS = files("miniatures.checks") / "lists"


def word_set(text: str) -> frozenset[str]:
    """The words of a text, separated by white space."""
    return frozenset(text.split())


def listed_words(name: str) -> frozenset[str]:
    """The words of one list."""
    return word_set("\n".join(listed_lines(name)))


def listed_lines(name: str) -> list[str]:
    """The lines of one list."""
    return (_LISTS / f"{name}.txt").read_text(encoding="utf-8").splitlines()


def listed_table(name: str) -> dict[str, str]:
    """What belongs to each name of one table."""
    rows = (line.partition(": ") for line in listed_lines(name))
    return {row_name: content for row_name, _, content in rows}

"""Writes long word lists as prose-like text instead of hundreds of quoted strings."""

from __future__ import annotations


def word_set(text: str) -> frozenset[str]:
    """The words of a text, separated by white space."""
    return frozenset(text.split())

"""Nothing is said twice: a small model that has run out of things to say repeats a sentence, which readers notice."""

from __future__ import annotations

import re
from collections.abc import Iterator

from miniatures.checks.case import CheckCase
from miniatures.checks.draft_text import DraftText
from miniatures.checks.verdict import Verdict, failed, passed

_WORDS = 7
"""The shortest run that counts: none of 948 emails written by hand has one, and shorter ones are turns of phrase."""


_WORD = re.compile(r"\w+")


def check_repetition(draft: DraftText, case: CheckCase) -> Verdict:
    """The body holds no run of seven words twice."""
    seen: set[tuple[str, ...]] = set()
    for run in _runs(_WORD.findall(draft.body.lower())):
        if run in seen:
            return failed(f"the words {' '.join(run)!r} come twice")
        seen.add(run)
    return passed()


def _runs(words: list[str]) -> Iterator[tuple[str, ...]]:
    return (tuple(words[start : start + _WORDS]) for start in range(len(words) - _WORDS + 1))

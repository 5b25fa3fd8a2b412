"""Tells a definite statement about the prospect or the sender from a general thought, which asserts nothing of anybody.

"Your foremen had a hard year" has to stand on something; "Cut flowers cannot be taken back" and "You may want to see
it alone first" need not. What is said of somebody by person, name or number and not as a possibility is definite. In a
language whose words for persons and possibilities are not listed every sentence is.
"""

from __future__ import annotations

from functools import lru_cache

from miniatures.checks.case import CheckCase
from miniatures.checks.company_names import names_company
from miniatures.checks.draft_text import Sentence
from miniatures.checks.support import carries_name
from miniatures.checks.word_list import listed_table, word_set
from miniatures.checks.words import fold, words_of

_PERSONS, _HEDGES = listed_table("persons"), listed_table("hedges")


def is_definite(sentence: Sentence, case: CheckCase) -> bool:
    """Whether the sentence says something of the prospect or the sender, or names a number or a name, as a fact."""
    language = case.brief.language[:2].lower()
    if language not in _PERSONS:
        return True
    words = set(words_of(sentence.text))
    if not words.isdisjoint(_folded(_HEDGES[language])):
        return False
    if not words.isdisjoint(_folded(_PERSONS[language])) or sentence.reading.numbers or own_names(sentence, case):
        return True
    return any(names_company(sentence.text, company) for company in (case.prospect.company, case.brief.sender.company))


def own_names(sentence: Sentence, case: CheckCase) -> list[str]:
    """The names of a sentence that the prospect's fields do not carry."""
    return [name for name in sentence.reading.names if not carries_name(case.prospect_reading.words, name)]


@lru_cache(maxsize=32)
def _folded(words: str) -> frozenset[str]:
    return frozenset(map(fold, word_set(words)))

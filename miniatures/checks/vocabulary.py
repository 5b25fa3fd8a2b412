"""Words that may stand capitalized in an English email without being anybody's name.

A capital at the start of a sentence or in a headline does not say whether the word is a name. A word that is in this
list, or that ends as common words do, is taken for an ordinary one there; any other must be carried by a source.
"""

from __future__ import annotations

from miniatures.checks.word_list import listed_words

NEVER_NAMES = listed_words("never_names")
COMMON_WORDS = listed_words("common_words")
COMMON_ENDINGS = tuple(listed_words("common_endings"))


def is_ordinary(word: str) -> bool:
    """Whether a folded English word may stand capitalized at the start of a sentence without being a name."""
    return word in COMMON_WORDS or (len(word) > 5 and word.endswith(COMMON_ENDINGS))

"""Tells whether a text names a company of a script that puts no spaces between words, or joins particles to them.

A long name is found within a run of letters. A short one may begin another word there (青空 in 青空文庫), so that only
particles may stand beside it.
"""

from __future__ import annotations

import re

from miniatures.checks.word_list import listed_words
from miniatures.checks.words import HANGUL, UNSPACED, fold

_LETTER = re.compile(f"[{UNSPACED}{HANGUL}]")
_LEGAL_FORM = re.compile("|".join(map(re.escape, listed_words("unspaced_legal_forms"))))
_NO_PARTICLE = r"[\u30a0-\u30ff\u3400-\u9fff]"
_LONG = 4
"""Letters."""


def is_unspaced(company: str) -> bool:
    """Whether the name is written in such a script."""
    return _LETTER.search(company) is not None


def names_unspaced(text: str, company: str) -> bool:
    """Whether the name stands in the text, with or without its legal form."""
    name = _LEGAL_FORM.sub("", company).strip() or company
    if len(name) >= _LONG:
        return fold(name) in fold(text)
    plain = _LEGAL_FORM.sub(" ", text)
    return re.search(rf"(?<!{_NO_PARTICLE}){re.escape(name)}(?!{_NO_PARTICLE})", plain) is not None

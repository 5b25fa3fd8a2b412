"""The greeting names the prospect, and nobody else."""

from __future__ import annotations

import re

from miniatures.checks.case import CheckCase
from miniatures.checks.draft_text import DraftText
from miniatures.checks.verdict import Verdict, failed, passed
from miniatures.checks.word_list import listed_words, word_set
from miniatures.checks.words import WORD_PATTERN, bare, fold, spellings, words_of
from miniatures.datamodel.prospect import Recipient

_HONORIFICS = listed_words("honorifics")
_HONORIFIC_SIGNS = ("さん", "様", "先生", "님", "씨", "女士", "小姐", "经理", "总")
_GREETINGS = listed_words("greetings")
_WORD = re.compile(WORD_PATTERN)
_INFLECTING = word_set("cs sk pl uk ru hr sr bs sl lt lv bg el hu fi et")


def check_greeting(draft: DraftText, case: CheckCase) -> Verdict:
    """First name, or last name with a title, or the whole name in any order; the company's where there is no name."""
    prospect, greeting = case.prospect, draft.greeting
    first, last = spellings(prospect.first_name), spellings(prospect.last_name)
    stranger = _stranger(greeting, first | last | spellings(prospect.company) | spellings(prospect.title))
    if not first and not last:
        return failed(f"the greeting names {stranger}, who is not the prospect") if stranger else passed()
    found = _Names(greeting, case.brief.language)
    by_last = found.any_of(last)
    if found.whole(prospect) or found.any_of(first) or (by_last and (found.formal or not first)):
        return failed(f"the greeting also names {stranger}, who is not the prospect") if stranger else passed()
    if by_last:
        return failed(f"the greeting {greeting!r} uses the last name without a title or first name")
    return failed(f"the greeting {greeting[:60]!r} does not name {prospect.full_name}")


class _Names:
    """The words of a greeting, to look names up in."""

    def __init__(self, greeting: str, language: str) -> None:
        self._folded = fold(greeting)
        self._words = words_of(greeting)
        self._inflects = language[:2] in _INFLECTING
        self.formal = not _HONORIFICS.isdisjoint(self._words) or any(sign in greeting for sign in _HONORIFIC_SIGNS)

    def any_of(self, names: frozenset[str]) -> bool:
        return any(self._holds(name) for name in names)

    def whole(self, prospect: Recipient) -> bool:
        """Whether first and last name stand joined, as in scripts without spaces."""
        first, last = fold(prospect.first_name), fold(prospect.last_name)
        return not prospect.last_name.isascii() and bool(first) and (last + first in self._folded)

    def _holds(self, name: str) -> bool:
        if name in self._words:
            return True
        if not name.isascii() and len(name) > 1 and name in self._folded:
            return True
        return self._inflects and any(_inflected(name, word) for word in self._words)


def _inflected(name: str, word: str) -> bool:
    return min(len(name), len(word)) > 3 and abs(len(word) - len(name)) <= 3 and word.startswith(name[:-1])


def _stranger(greeting: str, own: frozenset[str]) -> str:
    """A capitalized word of the greeting that is neither a greeting word, a title nor the prospect's."""
    known = own | _GREETINGS | _HONORIFICS
    for match in _WORD.finditer(greeting):
        written, word = match[0], bare(match[0])
        near = word in known or any(_inflected(name, word) for name in own)
        if written[0].isupper() and len(written) > 1 and not near:
            return written
    return ""

"""The email is in the brief's language, each of its sentences: a small model mixes in what it was trained on.

A sentence that is too short or too full of names to be sure about says nothing, and neither do words in quotation
marks: a slogan or a headline may be quoted as it was written. Languages that read alike, such as the
Scandinavian ones, count as one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from miniatures.checks.case import CheckCase
from miniatures.checks.citation import shortened
from miniatures.checks.draft_text import DraftText
from miniatures.checks.verdict import Verdict, failed, not_run, passed
from miniatures.checks.web import without_links
from miniatures.checks.word_list import listed_table, word_set
from miniatures.checks.words import UNSPACED
from miniatures.datamodel.brief import Brief
from miniatures.datamodel.characters import stream_safe

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

NAMES = listed_table("languages")
"""What each language that is told apart is called in English, by its code."""
_ALIKE = tuple(word_set(line) for line in ("da nn no sv", "hr sr bs sl", "cs sk", "gl pt es ca", "id ms", "hi mr ne"))
_RENAMED = {"nb": "no", "iw": "he", "in": "id", "cmn": "zh"}
_SURE = 0.9
_SHORTEST, _SHORTEST_UNSPACED = 30, 10
"""Characters of a sentence whose language can be told."""
_UNSPACED = re.compile(f"[{UNSPACED}]")
_QUOTED = re.compile(
    '\u201e[^\u201c\u201d]{1,200}[\u201c\u201d]|\u201c[^\u201d]{1,200}\u201d|\u00ab[^\u00bb]{1,200}\u00bb|"[^"]{1,200}"'
)
_LONGEST_READ = 2_000


def check_language(draft: DraftText, case: CheckCase) -> Verdict:
    """No sentence of the body is surely in another language."""
    wanted = primary(case.brief.language)
    if wanted not in NAMES:
        return not_run(f"the language {case.brief.language!r} cannot be told from others")
    for sentence in draft.sentences:
        spoken = language_of(_QUOTED.sub(" ", without_links(sentence.text)))
        if spoken and not are_alike(spoken, wanted):
            return failed(f"{shortened(sentence.text)!r} is {NAMES[spoken]}, and the brief asks for {NAMES[wanted]}")
    return passed()


def languages_of(brief: Brief) -> Iterator[str]:
    """The languages that a writer of this brief has to know: the one it asks for and the one it is written in."""
    asked = primary(brief.language)
    yield asked
    written = language_of(" ".join([brief.offer, *brief.claims, brief.call_to_action]))
    if written and not are_alike(written, asked):
        yield written


def primary(language: str) -> str:
    """The language of a BCP 47 tag without region or script: de for de-AT."""
    code = re.split(r"[-_]", language.strip().lower(), maxsplit=1)[0]
    return _RENAMED.get(code, code)


@lru_cache(maxsize=4_096)
def language_of(text: str) -> str:
    """The code of the language that a text is surely in; empty where it is too short or not sure."""
    unspaced = len(_UNSPACED.findall(text))
    if len(text) < _SHORTEST and unspaced < _SHORTEST_UNSPACED:
        return ""
    language, probability = _identifier().classify(stream_safe(text[:_LONGEST_READ]))
    return str(language) if probability >= _SURE else ""


def are_alike(one: str, other: str) -> bool:
    """Whether two languages are one, or read so much alike that they count as one."""
    return one == other or any(one in alike and other in alike for alike in _ALIKE)


@lru_cache(maxsize=1)
def _identifier() -> LanguageIdentifier:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(NAMES)
    return identifier

"""What a small writer may copy: the names and numbers of its own prompt, and the sender's signature at the end.

The grammar that holds it to them lets no other name or number be written, which a small model would otherwise almost
get right. It knows English spelling only; emails in other languages are checked like any other, and not held.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from miniatures.backends.grounded_text import KEYWORD, GroundedText
from miniatures.checks.number_words import number_words, stands_alone
from miniatures.checks.vocabulary import COMMON_WORDS, NEVER_NAMES
from miniatures.checks.words import WORD_PATTERN
from miniatures.datamodel.brief import Brief
from miniatures.datamodel.draft import EmailText
from miniatures.datamodel.json_types import JsonSchema

_NUMBER = re.compile(r"[^\W_]*\d[^\W_]*(?:[.,:/][^\W_]*\d[^\W_]*)*")
_WORD = re.compile(WORD_PATTERN)
_MARK = re.compile(r"[^\w\s\x00-\x7f]")
_SHORT, _WORDS_A_SENTENCE = 100, 14
_ALWAYS = ("I", "I'd", "I'll", "I'm", "I've", "a.m.", "e.g.", "i.e.", "p.m.")
_WISHES = {"cordially", "faithfully", "gratefully", "respectfully", "truly", "warmly"}
_ORDINARY = frozenset(
    word
    for word in COMMON_WORDS | NEVER_NAMES | _WISHES
    if word.isalpha() and len(word) > 1 and not (word in number_words("en") and stands_alone(word))
)


def email_schema(brief: Brief, variables: Mapping[str, Any]) -> JsonSchema:
    """The email's JSON schema for one prompt, by the writer's variables as JSON."""
    schema = EmailText.model_json_schema()
    if not brief.language.startswith("en"):
        return schema
    told = "\n".join(_strings([variables["brief"], variables["prospect"], variables["quotes"]]))
    words = set(_WORD.findall(told))
    line = GroundedText(
        names=tuple(sorted({*_ALWAYS, *brief.links, *filter(_is_name, words)})),
        numbers=tuple(sorted(set(_NUMBER.findall(told)))),
        openings=tuple(sorted(_ORDINARY_OPENINGS | _as_openings([word for word in words if word.islower()]))),
        marks="".join(sorted(set(_MARK.findall(told)))),
    )
    sender = brief.sender
    signed = {
        "signatures": tuple(dict.fromkeys((sender.name, sender.name.split()[0]))),
        "sentences": _sentences(brief.length.max_words),
        "last": (brief.call_to_action,),
        "details": tuple(filter(None, (sender.title, sender.company, *brief.links))),
    }
    texts = {"subject": line, "body": line.model_copy(update=signed)}
    return schema | {
        "properties": {
            name: kept | {KEYWORD: texts[name].model_dump(mode="json")} for name, kept in schema["properties"].items()
        }
    }


def _as_openings(words: Collection[str]) -> frozenset[str]:
    """The words, each also as what is done: "insure" may open as "Insuring"."""
    doing = (f"{word.removesuffix('e')}ing" for word in words if len(word) > 2)
    return frozenset(word.capitalize() for word in (*words, *doing))


_ORDINARY_OPENINGS = _as_openings(_ORDINARY)


def _sentences(max_words: int) -> int | None:
    """How many sentences a short email may have; a longer one has room for what a small model writes anyway."""
    return max(2, max_words // _WORDS_A_SENTENCE) if max_words <= _SHORT else None


def _is_name(word: str) -> bool:
    return not word.isascii() or not word.islower()


def _strings(value: Any) -> Iterator[str]:
    """Every text within a variable."""
    match value:
        case str():
            yield value
        case Mapping():
            for inner in value.values():
                yield from _strings(inner)
        case list() | tuple():
            for inner in value:
                yield from _strings(inner)

"""What a small writer may copy: the names and numbers of its own prompt, and the sender's signature at the end.

The grammar that holds it to them lets no other name or number be written, which a small model would otherwise almost
get right. It knows English spelling only; emails in other languages are checked like any other, and not held.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from miniatures.agents.roles.shared import QuoteLine
from miniatures.agents.roles.telling import Telling
from miniatures.backends.grounded_text import KEYWORD, GroundedText
from miniatures.checks.months import months_named
from miniatures.checks.number_words import number_words, stands_alone
from miniatures.checks.vocabulary import COMMON_WORDS, NEVER_NAMES
from miniatures.checks.word_list import word_set
from miniatures.checks.words import WORD_PATTERN
from miniatures.datamodel.brief import Brief
from miniatures.datamodel.draft import EmailText
from miniatures.datamodel.json_types import JsonSchema
from miniatures.datamodel.prospect import Recipient

_NUMBER = re.compile(r"[^\W_]*\d[^\W_]*(?:[.,:/][^\W_]*\d[^\W_]*)*")
_NUMERIC_DATE = re.compile(r"\b(?:\d{4}-\d\d(?:-\d\d)?|\d{1,2}[./]\d{1,2}[./]\d{4})\b")
_PARTED = re.compile(r"\b\d{1,3}(?:[ .\u00a0\u202f]\d{3})+\b")
_WITH_COMMA = re.compile(r"\b\d+,\d{1,2}\b")
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
    quotes = [(quote["text"], quote.get("angle", "")) for quote in variables["quotes"]]
    line = _line([variables["brief"], variables["prospect"], quotes], (*_ALWAYS, *brief.links), _ORDINARY_OPENINGS)
    sender = brief.sender
    signed = {
        "signatures": tuple(dict.fromkeys((sender.name, sender.name.split()[0]))),
        "sentences": _sentences(brief.length.max_words),
        "last": (brief.call_to_action,),
        "details": tuple(filter(None, (sender.title, sender.company, *brief.links))),
    }
    texts = {"subject": line, "body": line.model_copy(update=signed)}
    return _held(schema, texts)


def telling_schema(brief: Brief, reader: Recipient, quotes: Sequence[QuoteLine], *, judges: bool) -> JsonSchema:
    """The same of a telling: its lines name what the news, the offer and the brief's thoughts name, and no other month.

    A writer that is not believed to judge reasons takes each for a good one. The lines are made of the same, and begin
    with few words, because a grammar takes as long to compile as its lists are.
    """
    schema = Telling.model_json_schema()
    shown = [one.shown for one in quotes[:1]]
    thoughts = [brief.angles_of(one.signal) for one in quotes[:1]]
    told = [reader.company, reader.title, shown, brief.offer, thoughts]
    months = [calendar.month_name[number] for number in sorted(months_named(" ".join(shown)))]
    line = _line(told, (*_ALWAYS, *months), _TELLING_OPENINGS)
    said, left_out = (line.model_copy(update={"empty": empty}) for empty in (judges, True))
    if not judges:
        schema["properties"]["reason"] = {"enum": ["good"]}
    schema["properties"]["claim"] = {"enum": list(range(len(brief.claims) + 1))}
    return _held(schema, {"opening": said, "thought": left_out, "subject": said})


def _line(told: Any, always: Collection[str], openings: Collection[str]) -> GroundedText:
    """One line that copies names, numbers and signs out of what was told."""
    text = "\n".join(_strings(told))
    words = set(_WORD.findall(text))
    return GroundedText(
        names=tuple(sorted({*always, *filter(_is_name, words)})),
        numbers=tuple(sorted({*_NUMBER.findall(text), *_in_english(text)})),
        openings=tuple(sorted({*openings, *_as_openings([word for word in words if word.islower()])})),
        marks="".join(sorted(set(_MARK.findall(text)))),
    )


def _in_english(text: str) -> Iterator[str]:
    """The numbers of the text as English writes them: days of numeric dates, and digits parted otherwise."""
    for date in _NUMERIC_DATE.finditer(text):
        yield from (part.lstrip("0") for part in re.split(r"\D", date[0]))
    for number in _PARTED.finditer(text):
        yield re.sub(r"\D", ",", number[0])
    for number in _WITH_COMMA.finditer(text):
        yield number[0].replace(",", ".")


def _held(schema: JsonSchema, texts: Mapping[str, GroundedText]) -> JsonSchema:
    """The schema with what each of its texts may be made of."""
    properties = schema["properties"]
    held = {name: properties[name] | {KEYWORD: text.model_dump(mode="json")} for name, text in texts.items()}
    return schema | {"properties": properties | held}


def _as_openings(words: Collection[str]) -> frozenset[str]:
    """The words, each also as what is done: "insure" may open as "Insuring"."""
    doing = (f"{word.removesuffix('e')}ing" for word in words if len(word) > 2)
    return frozenset(word.capitalize() for word in (*words, *doing))


_ORDINARY_OPENINGS = _as_openings(_ORDINARY)
_TELLING_OPENINGS = frozenset(
    word.capitalize()
    for word in word_set(
        """
        a about according added after ahead all an and any as asking at avoiding because before behind between both
        but by charging checking clear comparing connecting demand during each early every everyday few fewer
        filling finding for four from funding half has have help hiring housing how however if in into it its
        keeping last looking managing manual more most moving new next no not now of off on once one only other our
        out over people planning power preparing protecting ready recording replacing running saving settling shared
        since six skilled so some somebody staffing still such support survey taking that the their there these they
        this those though three through to tracking training two under until up using what when where whether which
        while who whoever why will with within without work you your
        """
    )
)
"""What a sentence of news begins with, besides the words of the news."""


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

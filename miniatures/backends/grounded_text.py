"""Holds a small model to the names and numbers that its prompt shows, while it writes.

A small model copies rare names almost right ("Amarandine" for "Amandine"). Here every word with a capital, a digit or
a letter beyond a to z has to be one of a list; only words of small letters are free. A sentence may also open with one
of a second list. A JSON schema carries the lists in a keyword of its own, `x-grounded`, which engines without this
grammar do not see.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from pydantic import ValidationError

from miniatures.backends.errors import BadSchema
from miniatures.backends.grammar_terminal import choice
from miniatures.datamodel.frozen import Strict

KEYWORD = "x-grounded"


class GroundedText(Strict):
    """What a text may be made of besides words of small letters."""

    names: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    openings: tuple[str, ...] = ()
    """Words that a sentence may begin with."""
    marks: str = ""
    """Signs that may stand anywhere, such as ° or €."""
    empty: bool = False
    """Whether it may be no text at all."""
    signatures: tuple[str, ...] = ()
    """The text is one line if there are none; otherwise it has paragraphs, and ends with one of these or a sentence."""
    sentences: int | None = None
    """A letter's sentences at most, the last of them in a paragraph of its own; a closing line is none."""
    last: tuple[str, ...] = ()
    """One of these is that last sentence, if the letter comes to it; any sentence if there are none."""
    details: tuple[str, ...] = ()
    """What may follow the signature: a title, a company, a link."""


def grounded_text(stated: Any) -> GroundedText:
    """What the keyword of a schema states.

    Raises:
        BadSchema: names the part that is wrong.
    """
    try:
        return GroundedText.model_validate(stated)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in (KEYWORD, *first["loc"]))
        raise BadSchema(
            f"the answer's JSON schema: {where}: {first['msg']}",
            hint=f"Known are {', '.join(GroundedText.model_fields)}.",
        ) from error


# Each rule says what follows one kind of character, and all are right-recursive: the form that compiles fastest.
# START is where a sentence begins, MIDDLE where a word does, WORD within or after a word of small letters. A letter of
# limited length has these rules once for each sentence ({p}), which all know the next ({next}).
_TEXT = r"""
{p}start ::= {openings} {p}after | {p}middle
{p}middle ::= [a-z] {p}word | [('+{marks}-] {p}middle | "\\\"" {p}middle | {p}given {p}after
{p}given ::= {names} | {numbers} | [&+%{marks}-]
{p}word ::= [a-z] {p}word | {p}after
{p}after ::= " " {p}middle | {p}mark | [,;)%] {p}after | {p}within | {p}end
{p}within ::= ['{marks}] {p}word | [/&@=_#-] {p}middle | "+" {p}plus | "\\\"" {p}word
{p}plus ::= {p}given {p}after | {p}after
{p}mark ::= [.?!] {p}stop | ":" {p}colon
{p}colon ::= " " {p}start | [/] {p}middle | {p}end
{p}stop ::= {p}next | [.?!)'{closing}] {p}stop | "\\\"" {p}stop
"""
_LINE = r"""
{p}end ::= "\""
{p}next ::= " " {next}start | "\""
"""
_LETTER = r"""
{p}end ::= "\\n\\n" {p}start | {first}signature
"""
_MORE = r"""
{p}next ::= " " {next}start | "\\n\\n" {next}start | {first}signature | "\""
"""
_LAST_BUT_ONE = r"""
{p}next ::= "\\n\\n" {next}start | {first}signature | "\""
"""
_GIVEN = r"""
{p}start ::= {last} {p}next | [A-Z] {first}closing
"""
_LAST = r"""
{p}next ::= {first}signature | "\\n\\n" [A-Z] {first}closing | "\""
"""
_SIGNATURE = r"""
{first}closing ::= [a-z ] {first}closing | ","? {first}signature
{first}signature ::= ("\\n" | "\\n\\n") {signatures} {first}details
{first}details ::= "\"" | (", " | "\\n" | " at ") {details} {first}details
"""
_MARKS = "\u2013\u2014\u2018\u2019\u201c\u201d$\u20ac\u00a3"


def grounded_rules(text: GroundedText, prefix: str, alternatives: Callable[[str], str]) -> tuple[str, list[str]]:
    """The expression for a JSON string that holds such a text, and the rules that it needs.

    `alternatives` names the rule for a choice of literals, so that two texts with the same names share it.
    """
    named = {
        "first": prefix,
        "marks": "".join(dict.fromkeys(_MARKS + text.marks)),
        "closing": "\u2019\u201d",
        "names": alternatives(_either(text.names)),
        "numbers": alternatives(_either(text.numbers)),
        "openings": alternatives(_either(text.openings)),
        "last": alternatives(_either(text.last)),
        "signatures": alternatives(_either(text.signatures)),
        "details": alternatives(_either(text.details)),
    }
    count = text.sentences or 1
    levels = [f"{prefix}s{number}" for number in range(count)]
    rules = _SIGNATURE.format(**named) if text.signatures else ""
    for place, level in enumerate(levels):
        sentence = _sentence(text, count - 1 - place)
        rules += sentence.format(p=level, next=levels[min(place + 1, count - 1)], **named)
    begins = rf'({levels[0]}start | "\"")' if text.empty else f"{levels[0]}start"
    return rf'"\"" {begins}', [line for line in rules.splitlines() if line]


def _sentence(text: GroundedText, left: int) -> str:
    """The rules of a sentence and of what may follow it, with so many left after it."""
    if not text.signatures:
        return _TEXT + _LINE
    if text.sentences is None:
        return _TEXT + _LETTER + _MORE
    match left:
        case 0 if text.last:
            return _GIVEN + _LAST
        case 0:
            return _TEXT + _LETTER + _LAST
        case 1:
            return _TEXT + _LETTER + _LAST_BUT_ONE
        case _:
            return _TEXT + _LETTER + _MORE


def without_grounding(schema: Any) -> Any:
    """The schema as engines know it."""
    match schema:
        case dict():
            return {key: without_grounding(value) for key, value in schema.items() if key != KEYWORD}
        case list():
            return [without_grounding(value) for value in schema]
    return schema


_NOTHING = r'"\x00"'
"""Nothing to choose from: a character that no JSON text holds."""


def _either(texts: Iterable[str]) -> str:
    """One of the texts, as they stand within a JSON string."""
    inside = [json.dumps(text, ensure_ascii=False)[1:-1] for text in texts if text]
    return choice(inside) if inside else _NOTHING

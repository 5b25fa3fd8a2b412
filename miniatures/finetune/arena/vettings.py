"""Makes verifier's examples: tellings that are right, the same with one thing changed, and what readers said of others.

A changed one differs from a true one by a number, a month, a tense, or by the sentence it is held against, so that
nothing but the difference tells them apart (minimal pairs).
"""

from __future__ import annotations

import calendar
import random
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path

from pydantic import TypeAdapter

from miniatures.agents.roles.shared import QuoteLine
from miniatures.agents.roles.telling import Telling
from miniatures.agents.roles.verifier import VERIFIER, Form, Part, StatementVariables, Truth, Vetting
from miniatures.agents.roles.writer import WriterVariables
from miniatures.datamodel.errors import InputError
from miniatures.datamodel.example import Example, Source
from miniatures.datamodel.frozen import Frozen
from miniatures.finetune.arena.folder import ArenaHand
from miniatures.finetune.arena.openings import openings, questions
from miniatures.finetune.arena.tellings import unshown

_NUMBER = re.compile(r"(?<![\d.,:])\d{1,3}(?:,\d{3})+|(?<![\d.,:/-])\d+(?![\d.,:/-])")
_MONTHS = tuple(calendar.month_name)[1:]
_MONTH = re.compile(rf"\b(?:{'|'.join(_MONTHS)})\b")
_TENSES = (
    (re.compile(r"\bwill be\b"), "has been"),
    (re.compile(r"\bis to\b"), "had to"),
    (re.compile(r"\bare to\b"), "had to"),
    (re.compile(r"\bis (looking|planning|building|opening|hiring)\b"), r"has stopped \1"),
    (re.compile(r"\bhas (?=\w+ed\b)"), "has not "),
    (re.compile(r"\bhave (?=\w+ed\b)"), "have not "),
    (re.compile(r"\bopened\b"), "closed"),
    (re.compile(r"\bbought\b"), "sold"),
    (re.compile(r"\bmore than\b"), "fewer than"),
    (re.compile(r"\bfrom\b"), "until"),
)


class ReadTelling(Frozen):
    """What a reader said of one telling, and which sentence it told."""

    hand: str
    domain: str
    brief: str
    page: str
    news: str
    opening: str
    subject: str
    truth: Truth
    form: Form
    subject_truth: Truth
    subject_form: Form
    verdict: str
    reader: str = ""


def vetting_examples(
    hands: Sequence[ArenaHand], read: Iterable[ReadTelling], today: str, seed: int
) -> Iterator[Example]:
    """The examples of all hands, and of the readings of tellings of these hands' companies."""
    day = date.fromisoformat(today)
    asked: dict[tuple[str, str, str, str], WriterVariables] = {}
    for hand in hands:
        for _, slug, domain, variables in questions(hand, today):
            asked[hand.name, domain, slug, variables.quotes[0].text] = variables
        by_company: dict[str, list[tuple[WriterVariables, Telling]]] = {}
        for variables, telling in openings(hand, today):
            if not unshown(telling, variables):
                by_company.setdefault(variables.told_company, []).append((variables, telling))
        for company, told in by_company.items():
            yield from _pairs(told, day, random.Random(f"{seed} {company}"))
    for one in read:
        found = asked.get((one.hand, one.domain, one.brief, one.news))
        if found is not None:
            yield from _read(one, found, day)


def load_readings(path: Path) -> list[ReadTelling]:
    """The readings in a file of one JSON object a line.

    Raises:
        InputError: a line is none.
    """
    lines = path.read_text(encoding="utf-8").splitlines()
    try:
        return [TypeAdapter(ReadTelling).validate_json(line) for line in lines if line.strip()]
    except ValueError as error:
        raise InputError(f"{path}: {str(error).splitlines()[0]}", hint="Write one reading a line.") from error


def _read(one: ReadTelling, variables: WriterVariables, day: date) -> Iterator[Example]:
    parts = (
        (one.opening, Part.OPENING, one.truth, one.form),
        (one.subject, Part.SUBJECT, one.subject_truth, one.subject_form),
    )
    for text, part, truth, form in parts:
        yield _example(variables, variables.quotes[0], text, part, Vetting(truth=truth, form=form), day, Source.EDITED)


def _pairs(told: Sequence[tuple[WriterVariables, Telling]], day: date, chance: random.Random) -> Iterator[Example]:
    good = Vetting(truth=Truth.SUPPORTED, form=Form.GOOD)
    for variables, telling in told:
        line = variables.quotes[0]
        for text, part in ((telling.opening, Part.OPENING), (telling.subject, Part.SUBJECT)):
            yield _example(variables, line, text, part, good, day, Source.GOLD)
        for text, truth in _changed(telling.opening, line.shown, chance):
            yield _example(variables, line, text, Part.OPENING, Vetting(truth=truth, form=Form.GOOD), day)
        for text, truth in _changed(telling.subject, line.shown, chance):
            yield _example(variables, line, text, Part.SUBJECT, Vetting(truth=truth, form=Form.GOOD), day)
        others = [other for other, _ in told if other.quotes[0].text != line.text]
        if others:
            elsewhere = chance.choice(others).quotes[0]
            invented = Vetting(truth=Truth.INVENTED, form=Form.GOOD)
            yield _example(variables, elsewhere, telling.opening, Part.OPENING, invented, day)
        if re.search(r"\b(?:we|our|us|today|tomorrow|yesterday|I|my)\b", line.text):
            copied = Vetting(truth=Truth.SUPPORTED, form=Form.ODD)
            yield _example(variables, line, line.text, Part.OPENING, copied, day)


def _changed(text: str, shown: str, chance: random.Random) -> Iterator[tuple[str, Truth]]:
    """The statement with one thing changed, in each way that it can be."""
    numbers = _NUMBER.findall(text)
    if numbers:
        number = chance.choice(numbers)
        others = [other for other in _NUMBER.findall(shown) if other not in numbers]
        if others:
            yield text.replace(number, chance.choice(others), 1), Truth.WRONG_JOIN
        yield text.replace(number, _altered(number, chance), 1), Truth.DISTORTED
    months = _MONTH.findall(text)
    if months:
        month = chance.choice(months)
        yield text.replace(month, chance.choice([one for one in _MONTHS if one != month]), 1), Truth.DISTORTED
    possible = [(form, other) for form, other in _TENSES if form.search(text)]
    if possible:
        form, other = chance.choice(possible)
        yield form.sub(other, text, count=1), Truth.DISTORTED


def _altered(number: str, chance: random.Random) -> str:
    digits = list(number)
    place = chance.choice([at for at, sign in enumerate(digits) if sign.isdigit()])
    digits[place] = chance.choice([digit for digit in "123456789" if digit != digits[place]])
    return "".join(digits)


def _example(
    variables: WriterVariables,
    line: QuoteLine,
    text: str,
    part: Part,
    answer: Vetting,
    day: date,
    source: Source = Source.VARIANT,
) -> Example:
    asked = StatementVariables.of(text, part, variables.brief, variables.prospect, line, day)
    return Example(
        role=VERIFIER.name,
        variables=asked.model_dump(mode="json"),
        answer=answer.model_dump(mode="json"),
        company=variables.told_company,
        source=source,
    )

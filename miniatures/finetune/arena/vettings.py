"""Makes verifier's examples: tellings that are right, the same with one thing changed, and what readers said of others.

A changed one differs from a true one by a number, a month, a tense, or by the sentence it is held against, so that
nothing but the difference tells them apart (minimal pairs).
"""

from __future__ import annotations

import calendar
import random
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from miniatures.agents.roles.shared import QuoteLine
from miniatures.agents.roles.telling import POOR, Telling
from miniatures.agents.roles.verifier import VERIFIER, Form, Part, StatementVariables, Truth, Vetting
from miniatures.agents.roles.writer import WriterVariables
from miniatures.datamodel.brief import Brief
from miniatures.datamodel.example import Example, Source
from miniatures.finetune.arena.company import ArenaCompany
from miniatures.finetune.arena.folder import ArenaHand, companies_of
from miniatures.finetune.arena.offers import ArenaOffer
from miniatures.finetune.arena.openings import openings
from miniatures.finetune.arena.tellings import AuthoredTelling, briefs_of, question_of, unshown
from miniatures.finetune.arena.turns import ReadTelling

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

_Told = tuple[WriterVariables, Telling]


def vetting_examples(
    authored: Sequence[AuthoredTelling],
    read: Iterable[ReadTelling],
    hands: Sequence[ArenaHand],
    offers: Mapping[str, ArenaOffer],
    today: str,
    seed: int,
) -> Iterator[Example]:
    """The examples of all tellings, of the hands' own openings, and of the readings, about companies of these hands.

    Raises:
        InputError: a telling names a reader, a sentence or a signal that is not there.
    """
    day, companies, briefs = date.fromisoformat(today), companies_of(hands), briefs_of(hands, offers)
    by_company: dict[str, list[_Told]] = {}
    for told in _true(authored, hands, companies, briefs, today):
        by_company.setdefault(told[0].told_company, []).append(told)
    for company, several in by_company.items():
        yield from _pairs(several, day, random.Random(f"{seed} {company}"))
    for one in read:
        if one.company in companies and one.offer in briefs:
            variables = question_of(one, companies[one.company], briefs[one.offer], today)
            yield from _read(one, variables, day)


def _true(
    authored: Sequence[AuthoredTelling],
    hands: Sequence[ArenaHand],
    companies: Mapping[str, ArenaCompany],
    briefs: Mapping[str, Brief],
    today: str,
) -> Iterator[_Told]:
    """Tellings by careful hands that say no more than their prompt shows."""
    for hand in hands:
        yield from ((variables, told) for variables, told in openings(hand, today) if not unshown(told, variables))
    for one in authored:
        if one.telling != POOR and one.company in companies and one.offer in briefs:
            variables = question_of(one, companies[one.company], briefs[one.offer], today)
            if not unshown(one.telling, variables):
                yield variables, one.telling


def _read(one: ReadTelling, variables: WriterVariables, day: date) -> Iterator[Example]:
    form = Form.GOOD if one.thought_truth is Truth.SUPPORTED else Form.ODD
    parts = (
        (one.opening, Part.OPENING, one.truth, one.form),
        (one.thought, Part.THOUGHT, one.thought_truth, form),
        (one.subject, Part.SUBJECT, one.subject_truth, one.subject_form),
    )
    for text, part, truth, how in parts:
        if text and truth is not None:
            answer = Vetting(truth=truth, form=how)
            yield _example(variables, variables.quotes[0], text, part, answer, day, Source.EDITED)


def _pairs(told: Sequence[_Told], day: date, chance: random.Random) -> Iterator[Example]:
    good = Vetting(truth=Truth.SUPPORTED, form=Form.GOOD)
    thoughts = {(variables.quotes[0].text, telling.thought) for variables, telling in told}
    for variables, telling in told:
        line = variables.quotes[0]
        for text, part in (
            (telling.opening, Part.OPENING),
            (telling.thought, Part.THOUGHT),
            (telling.subject, Part.SUBJECT),
        ):
            if text:
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
            if telling.thought and (elsewhere.text, telling.thought) not in thoughts:
                unfit = Vetting(truth=Truth.WRONG_JOIN, form=Form.ODD)
                yield _example(variables, elsewhere, telling.thought, Part.THOUGHT, unfit, day)
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

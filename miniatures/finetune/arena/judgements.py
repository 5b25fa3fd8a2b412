"""Makes researcher's examples of the arena: every sentence of its pages in its place, with what it is and is worth.

Two kinds of examples are made of others, as no hand could write enough of them: news seen from a later day is old, and
news whose page has lost its date is undated.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from pydantic import BaseModel

from miniatures.agents.passages import Passage, passages
from miniatures.agents.reason import angle_text, signal_text
from miniatures.agents.roles.researcher import (
    RESEARCHER,
    Fit,
    Judgement,
    PassageVariables,
    Status,
    Worth,
)
from miniatures.datamodel.brief import Brief
from miniatures.datamodel.example import Example, Source
from miniatures.finetune.arena.company import ArenaCompany, Label, label_of
from miniatures.finetune.arena.folder import ArenaHand
from miniatures.prompts.taxonomy import NO_KIND

_LATER = (420, 1_100)
"""Days after which news is surely old."""
_AGED, _UNDATED, _UNWANTED, _UNWANTED_FAULT = 0.5, 0.4, 0.25, 0.04
"""Shares of what could be made of the labels that is: more would outnumber them."""


_Made = tuple[PassageVariables, BaseModel, Source]


def judgement_examples(hands: Sequence[ArenaHand], today: str, seed: int) -> Iterator[Example]:
    """The examples of all hands."""
    for hand in hands:
        for company in hand.companies.values():
            yield from _of_company(hand, company, date.fromisoformat(today), random.Random(f"{seed} {company.domain}"))


def _of_company(hand: ArenaHand, company: ArenaCompany, today: date, chance: random.Random) -> Iterator[Example]:
    for passage, label in labelled_passages(company):
        asked = PassageVariables.of(passage, company.company, today)
        answer = judgement_of(label)
        made: list[_Made] = [(asked, answer, Source.GOLD)]
        if answer.status is Status.NEWS:
            made += _made_of_news(passage, company.company, today, answer, chance)
        if label is not None and label.kind is not None:
            made += _fits(asked, label, hand, chance)
        for variables, said, source in made:
            yield Example(
                role=RESEARCHER.name,
                variables=variables.model_dump(mode="json"),
                answer=said.model_dump(mode="json"),
                company=company.company,
                source=source,
                lineage=(f"arena:{hand.name}/{company.domain}",),
            )


def labelled_passages(company: ArenaCompany) -> Iterator[tuple[Passage, Label | None]]:
    """Every sentence of the company's pages, with the label that holds most of it."""
    for page in company.pages:
        for passage in passages(page.as_read(company.domain)):
            yield passage, label_of(passage.text, company.labels)


def judgement_of(label: Label | None) -> Judgement:
    """What a label says whoever asks; a sentence that nobody labelled says nothing that matters."""
    if label is None:
        return Judgement(status=Status.EMPTY, kind=NO_KIND)
    status = Status.NEWS if label.fault is None else Status(label.fault.value)
    return Judgement(status=status, kind=label.kind or NO_KIND)


def _made_of_news(
    passage: Passage, company: str, today: date, answer: Judgement, chance: random.Random
) -> Iterator[_Made]:
    asked = PassageVariables.of(passage, company, today)
    if (asked.page_age or asked.said) and chance.random() < _AGED:
        later = today + timedelta(days=chance.randint(*_LATER))
        aged = PassageVariables.of(passage, company, later)
        yield aged, answer.model_copy(update={"status": Status.OLD}), Source.VARIANT
    if asked.page_age and not asked.said and not asked.near and chance.random() < _UNDATED:
        undated = PassageVariables.of(passage.model_copy(update={"published": None}), company, today)
        yield undated, answer.model_copy(update={"status": Status.UNDATED}), Source.VARIANT


def _fits(asked: PassageVariables, label: Label, hand: ArenaHand, chance: random.Random) -> Iterator[_Made]:
    """How well the sentence speaks to each signal of the hand's briefs, and to the angles of the one it was given."""
    for slug, brief in hand.briefs.items():
        given = label.worth.get(slug)
        for signal in brief.signals:
            wanted = given is not None and given.signal == signal.name
            if wanted or chance.random() < (_UNWANTED if label.fault is None else _UNWANTED_FAULT):
                worth = Worth(given.verdict.value) if given is not None and wanted else Worth.NONE
                yield asked.looking_for(signal_text(signal)), Fit(fits=worth), Source.GOLD
        if given is not None and given.verdict.value == Worth.OPEN:
            yield from _angle_fits(asked, brief, given.signal, given.angle)


def _angle_fits(asked: PassageVariables, brief: Brief, signal: str, fitting: int) -> Iterator[_Made]:
    for number, angle in enumerate(brief.angles_of(signal), start=1):
        worth = Worth.OPEN if number == fitting else Worth.NONE
        yield asked.looking_for(angle_text(angle)), Fit(fits=worth), Source.GOLD

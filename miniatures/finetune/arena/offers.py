"""More offers over the companies of the hands, as two briefs a hand are too few to learn what goes with what.

An offer says for each of its signals which of the companies' news an email may open with or rest on, with the angle and
the claim that go with it, and which a careless reader would take for it. All else that those companies tell is none.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path

from pydantic import Field, model_validator

from miniatures.agents.reason import angle_text, claim_text, signal_text
from miniatures.agents.roles.researcher import RESEARCHER, Fit, PassageVariables, Worth
from miniatures.datamodel.brief import Signal
from miniatures.datamodel.errors import InputError
from miniatures.datamodel.example import Example, Source
from miniatures.datamodel.frozen import Strict
from miniatures.finetune.arena.company import ArenaCompany, Verdict
from miniatures.finetune.arena.folder import ArenaHand, companies_of, holds
from miniatures.finetune.arena.judgements import labelled_passages
from miniatures.inputs.validation import validate
from miniatures.inputs.yaml_file import load_yaml

FOLDER = "offers"
_UNNAMED = 10
"""Sentences of a signal that are drawn from those which the offer does not name."""
_OF_OTHERS, _OF_SUPPORT, _CLAIMS = 0.3, 0.3, 0.5
"""Shares taken of what fits another signal, of the angles of what only supports, and of claims that do not fit."""


class Quoted(Strict):
    """A sentence of a company."""

    company: str = Field(description="Its domain.")
    quote: str = Field(min_length=1)


class Fitting(Quoted):
    """A sentence that speaks to a signal. `angle` and `claim` count from 1; 0 means that none goes with it."""

    verdict: Verdict
    angle: int = Field(ge=0)
    claim: int = Field(ge=0)


class OfferSignal(Signal):
    """A signal, what speaks to it, and what only seems to."""

    fits: tuple[Fitting, ...] = ()
    near: tuple[Quoted, ...] = ()


class ArenaOffer(Strict):
    """What somebody sells, and to which news it goes."""

    offer: str
    claims: tuple[str, ...] = Field(min_length=2)
    companies: tuple[str, ...] = Field(min_length=1, description="Domains of those whose news was gone through.")
    signals: tuple[OfferSignal, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _counts(self) -> ArenaOffer:
        for signal in self.signals:
            for one in signal.fits:
                if one.angle > len(signal.angles) or one.claim > len(self.claims):
                    raise ValueError(f"{signal.name}: no angle {one.angle} or no claim {one.claim} of {one.quote!r}")
        return self


def is_offers(folder: Path) -> bool:
    """Whether the folder is one of offers."""
    return holds(folder, FOLDER)


def read_offers(folder: Path) -> dict[str, ArenaOffer]:
    """Every offer by its file's name.

    Raises:
        InputError: a file is not in order; says where.
    """
    return {path.stem: validate(ArenaOffer, load_yaml(path)) for path in sorted(folder.glob("*.yaml"))}


def offer_examples(
    offers: Mapping[str, ArenaOffer], hands: Sequence[ArenaHand], today: str, seed: int
) -> Iterator[Example]:
    """The examples of the offers on companies of these hands; what they say of others is left out.

    Raises:
        InputError: an offer quotes what a company's pages do not tell.
    """
    companies = companies_of(hands)
    day = date.fromisoformat(today)
    news = {domain: _news(company, day) for domain, company in companies.items()}
    for slug, offer in offers.items():
        chance = random.Random(f"{seed} {slug}")
        for signal in offer.signals:
            for variables, worth in _asked(offer, signal, news, slug, chance):
                yield Example(
                    role=RESEARCHER.name,
                    variables=variables.model_dump(mode="json"),
                    answer=Fit(fits=worth).model_dump(mode="json"),
                    company=variables.company,
                    source=Source.GOLD,
                    lineage=(f"arena:{FOLDER}/{slug}",),
                )


_News = dict[str, PassageVariables]


def _news(company: ArenaCompany, day: date) -> _News:
    """The company's news, by the sentence."""
    return {
        passage.text: PassageVariables.of(passage, company.company, day)
        for passage, label in labelled_passages(company)
        if label is not None and label.fault is None and label.kind is not None
    }


def _asked(
    offer: ArenaOffer, signal: OfferSignal, news: Mapping[str, _News], slug: str, chance: random.Random
) -> Iterator[tuple[PassageVariables, Worth]]:
    """Each question about the signal, its angles and the claims, with the answer."""

    def known(quoted: Sequence[Quoted]) -> dict[str, PassageVariables]:
        found = {}
        for one in quoted:
            if one.company in news and one.quote not in news[one.company]:
                raise InputError(f"{slug}: {one.company} tells no news {one.quote[:80]!r}", hint="Mend the quote.")
            if one.company in news:
                found[one.quote] = news[one.company][one.quote]
        return found

    fitting = {one.quote: one for one in signal.fits}
    for quote, question in known(signal.fits).items():
        yield question.looking_for(signal_text(signal)), Worth(fitting[quote].verdict.value)
        yield from _placed(offer, signal, fitting[quote], question, chance)
    others = [one for other in offer.signals if other is not signal for one in other.fits]
    named = [*signal.near, *(one for one in others if chance.random() < _OF_OTHERS)]
    rest = [question for domain in offer.companies for question in news.get(domain, {}).values()]
    unnamed = chance.sample(rest, min(_UNNAMED, len(rest)))
    wrong = known(named) | {question.text: question for question in unnamed}
    for quote, question in wrong.items():
        if quote not in fitting and question.text not in fitting:
            yield question.looking_for(signal_text(signal)), Worth.NONE


def _placed(
    offer: ArenaOffer, signal: OfferSignal, fitting: Fitting, question: PassageVariables, chance: random.Random
) -> Iterator[tuple[PassageVariables, Worth]]:
    """Which angle and which claim go with the sentence."""
    opens = fitting.verdict is Verdict.OPEN
    for number, angle in enumerate(signal.angles, start=1):
        if opens or chance.random() < _OF_SUPPORT:
            yield question.looking_for(angle_text(angle)), Worth.OPEN if number == fitting.angle else Worth.NONE
    for number, claim in enumerate(offer.claims, start=1):
        if opens and (number == fitting.claim or chance.random() < _CLAIMS):
            yield question.looking_for(claim_text(claim)), Worth.OPEN if number == fitting.claim else Worth.NONE

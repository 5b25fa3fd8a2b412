"""Offers over the companies of hands say which news goes with what, and what only seems to."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from miniatures.agents.roles.researcher import PassageVariables
from miniatures.datamodel.errors import InputError
from miniatures.finetune.arena.folder import as_of, read_hand
from miniatures.finetune.arena.offers import ArenaOffer, OfferSignal, is_offers, offer_examples, read_offers

ARENA = Path(__file__).parents[3] / "examples/arena"
OFFERS = read_offers(ARENA / "offers")
HAND = read_hand(ARENA / "heron")
TODAY = as_of(ARENA / "heron")


def test_the_arena_holds_forty_offers() -> None:
    assert is_offers(ARENA / "offers")
    assert not is_offers(ARENA / "heron")
    assert len(OFFERS) == 40


def test_only_companies_of_the_named_hands_are_asked_about() -> None:
    examples = list(offer_examples(OFFERS, [HAND], TODAY, 7))
    assert examples == list(offer_examples(OFFERS, [HAND], TODAY, 7))
    assert {one.company for one in examples} <= {company.company for company in HAND.companies.values()}
    said = Counter(one.answer["fits"] for one in examples if one.answer)
    assert said["none"] > said["open"] > 50
    asked = [PassageVariables.model_validate(one.variables).looks_for for one in examples]
    assert any(text.startswith("claim: ") for text in asked)
    assert any(text.startswith("thought: ") for text in asked)
    assert list(offer_examples(OFFERS, [], TODAY, 7)) == []


def test_what_fits_a_signal_is_never_asked_as_what_does_not() -> None:
    answers: dict[tuple[str, str, str], set[str]] = {}
    for one in offer_examples(OFFERS, [HAND], TODAY, 7):
        asked = PassageVariables.model_validate(one.variables)
        assert one.answer is not None
        answers.setdefault((asked.company, asked.text, asked.looks_for), set()).add(one.answer["fits"])
    assert all(len(said) == 1 for said in answers.values())


def changed(**fields: object) -> ArenaOffer:
    offer = next(iter(OFFERS.values()))
    signal = next(one for one in offer.signals if one.fits)
    fit = signal.fits[0].model_copy(update=fields)
    told = signal.model_dump() | {"fits": (fit,)}
    return ArenaOffer(
        offer=offer.offer, claims=offer.claims, companies=offer.companies, signals=(OfferSignal.model_validate(told),)
    )


def test_an_angle_that_is_not_there_and_a_quote_that_is_not_told_are_refused() -> None:
    with pytest.raises(ValueError, match="no angle 9"):
        changed(angle=9)
    domain = next(iter(HAND.companies))
    with pytest.raises(InputError, match=r"tells no news 'Never said\.'"):
        list(offer_examples({"one": changed(company=domain, quote="Never said.")}, [HAND], TODAY, 7))

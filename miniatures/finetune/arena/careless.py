"""News that a careless reader takes for a reason to write, as tellings that are none: a writer learns to decline it."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence

from miniatures.agents.roles.telling import POOR
from miniatures.datamodel.brief import Signal
from miniatures.finetune.arena.company import ArenaCompany
from miniatures.finetune.arena.folder import ArenaHand, companies_of
from miniatures.finetune.arena.judgements import labelled_passages
from miniatures.finetune.arena.offers import ArenaOffer
from miniatures.finetune.arena.tellings import FOLDER, AuthoredTelling

_NEAR = 0.05
"""Share taken of what an offer names as near."""


def careless_tellings(hands: Sequence[ArenaHand], offers: Mapping[str, ArenaOffer]) -> Iterator[AuthoredTelling]:
    """News that a careless reader would take for a reason: of each company one piece to each of its hand's briefs, and
    a share of what the offers name as near.
    """
    companies = companies_of(hands)
    news = {
        domain: [(one.text, label) for one, label in labelled_passages(company) if label and label.kind is not None]
        for domain, company in companies.items()
    }
    chance = random.Random(FOLDER)
    for hand in hands:
        for company in hand.companies.values():
            for slug, brief in hand.briefs.items():
                beside = [text for text, label in news[company.domain] if slug not in label.worth]
                if beside:
                    yield _no_reason(f"{hand.name}/{slug}", company, chance.choice(beside), brief.signals, chance)
    for slug, offer in offers.items():
        fitting = {one.quote for signal in offer.signals for one in signal.fits}
        for signal in offer.signals:
            for one in signal.near:
                if one.company in companies and one.quote not in fitting and chance.random() < _NEAR:
                    yield _no_reason(f"offers/{slug}", companies[one.company], one.quote, (signal,), chance)


def _no_reason(
    offer: str, company: ArenaCompany, quote: str, signals: Sequence[Signal], chance: random.Random
) -> AuthoredTelling:
    who = chance.choice(company.contacts)
    return AuthoredTelling(
        offer=offer,
        company=company.domain,
        reader=f"{who.first_name} {who.last_name}",
        quote=quote,
        signal=chance.choice(signals).name,
        **POOR.model_dump(),
    )

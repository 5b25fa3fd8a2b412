"""Multiplies a hand-written email by exchanging its facts (data augmentation): names, places, products and numbers.

A small model learns to copy only when nothing can be guessed. The prose stays the author's; what is copied changes in
brief, quotes, prospect and email together. A variant that a check refuses is thrown away, and all variants stay on
their original's side of a split.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence

from miniatures.agents.roles.writer import WRITER
from miniatures.datamodel.brief import Brief
from miniatures.datamodel.draft import EmailText
from miniatures.datamodel.evidence import Quote
from miniatures.datamodel.example import Example, Source
from miniatures.datamodel.prospect import Prospect
from miniatures.finetune.gold.examples import case_evidence, written_example
from miniatures.finetune.gold.exchange import Exchange, Pools
from miniatures.finetune.gold.folder import GoldBrief, GoldEmail, GoldFolder

_SHARE_A_BRIEF = 7


def folder_variants(
    folder: GoldFolder, emails: Iterable[GoldEmail], pools: Pools, rounds: int, seed: int
) -> Iterator[Example]:
    """Each email once a round, where the variant passes every check.

    A brief is exchanged as one for several of its emails, as in a campaign; the rest is exchanged for each email alone.
    """
    places: dict[str, int] = {}
    for email in emails:
        place = places[email.brief] = places.get(email.brief, -1) + 1
        evidence = case_evidence(email, folder)
        for number in range(1, rounds + 1):
            shared = random.Random(f"{seed}/{email.brief}/{number}/{place // _SHARE_A_BRIEF}")
            own = random.Random(f"{seed}/{email.brief}/{number}/{place}/own")
            made = _variant(email, folder, evidence, pools, shared, own)
            if made is not None:
                yield made.model_copy(update={"lineage": (*made.lineage, f"variant:{number}")})


def _variant(
    email: GoldEmail,
    folder: GoldFolder,
    evidence: Sequence[Quote],
    pools: Pools,
    shared: random.Random,
    own: random.Random,
) -> Example | None:
    brief, company = folder.briefs[email.brief], folder.companies[email.company]
    prospect = company.prospect(email.contact)
    exchange = Exchange(shared)
    _exchange_sender(exchange, brief, pools)
    exchange.numbers([*brief.claims, brief.offer], spared=brief.call_to_action)
    brief_fields = exchange.everywhere(brief.plain.model_dump(mode="json"), keep=("length", "signals", "email"))
    new_brief = Brief.model_validate(brief_fields)
    exchange.chance = own
    _exchange_prospect(exchange, prospect, pools)
    exchange.company_names(company, pools)
    exchange.numbers([item.quote for item in evidence], spared=brief.call_to_action)
    new_prospect = Prospect.model_validate(exchange.everywhere(prospect.model_dump(mode="json"), keep=("email",)))
    new_evidence = [Quote(**exchange.everywhere(item.model_dump(), keep=("signal",))) for item in evidence]
    text = EmailText(subject=exchange.text(email.text.subject), body=exchange.text(email.text.body))
    name = f"gold:{folder.name}/{email.company}/{email.brief}/{email.contact}"
    made = written_example(new_brief, new_prospect, new_evidence, text, name, Source.VARIANT, company=company.name)
    return None if WRITER.faults_of(made.variables, text.model_dump()) else made


def _exchange_prospect(exchange: Exchange, prospect: Prospect, pools: Pools) -> None:
    exchange.name(prospect.first_name, [one.first_name for one in pools.contacts if one.first_name])
    exchange.name(prospect.last_name, [one.last_name for one in pools.contacts if one.last_name])
    exchange.name(prospect.company, pools.companies)


def _exchange_sender(exchange: Exchange, brief: GoldBrief, pools: Pools) -> None:
    exchange.name(brief.sender.name, pools.senders)
    if brief.sender.company.isalpha():
        exchange.name(brief.sender.company, pools.sellers)

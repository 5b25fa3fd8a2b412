"""Questions for a small researcher: one sentence each to classify, as a kind of news or by why it is none.

Gold folders label every sentence of a page. A variant has other names and numbers, and is asked in another year, so
that neither a name nor a year by itself says what is news and what is stale.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from miniatures.agents.as_data import as_data
from miniatures.agents.roles.researcher import RESEARCHER, SentenceVariables
from miniatures.datamodel.example import Example, Source
from miniatures.finetune.gold.exchange import Exchange, Pools, years_later
from miniatures.finetune.gold.folder import GoldCompany, GoldFolder, GoldSentence
from miniatures.finetune.gold_day import WRITTEN_AT

_YEARS_AWAY = 5


def folder_sightings(folder: GoldFolder, pools: Pools, rounds: int, seed: int) -> Iterator[Example]:
    """Every labelled sentence of the folder, and its variants, one a round."""
    for company in folder.companies.values():
        for place, sentence in enumerate(company.sentences, start=1):
            name = f"gold:{folder.name}/{company.slug}/sentence:{place}"
            yield _example(company, company.name, 0, sentence.text, sentence.sighting, Source.GOLD, (name,))
            for number in range(1, rounds + 1):
                chance = random.Random(f"{seed}/{name}/{number}")
                lineage = (name, f"variant:{number}")
                yield _variant(company, sentence, pools, chance, lineage)


def _variant(
    company: GoldCompany, sentence: GoldSentence, pools: Pools, chance: random.Random, lineage: tuple[str, ...]
) -> Example:
    exchange = Exchange(chance)
    exchange.name(company.name, pools.companies)
    exchange.company_names(company, pools)
    exchange.numbers([sentence.text], spared="")
    years = chance.randint(-_YEARS_AWAY, _YEARS_AWAY)
    text = years_later(exchange.text(sentence.text), years)
    name = exchange.text(company.name)
    return _example(company, name, years, text, sentence.sighting, Source.VARIANT, lineage)


def _example(
    company: GoldCompany, name: str, years: int, text: str, kind: str, source: Source, lineage: tuple[str, ...]
) -> Example:
    today = WRITTEN_AT.date().replace(year=WRITTEN_AT.year + years).isoformat()
    return Example(
        role=RESEARCHER.name,
        variables=SentenceVariables.of(as_data(name), today, as_data(text)).model_dump(mode="json"),
        answer={"kind": kind},
        company=company.name,
        source=source,
        lineage=lineage,
    )

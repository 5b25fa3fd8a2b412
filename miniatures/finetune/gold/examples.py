"""Makes examples of gold data: emails for the writer, choices for the researcher, through the code that serves both.

The researcher's sentences are ranked by the same BM25 as a campaign's, among boilerplate of other companies, so that a
training question looks like a served one.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from itertools import chain, repeat

from miniatures.agents.candidates import rank_sentences, within_limits
from miniatures.agents.companies import about_another
from miniatures.agents.roles.researcher import RESEARCHER, ListVariables
from miniatures.agents.roles.writer import WRITER, WriterVariables
from miniatures.datamodel.brief import Brief
from miniatures.datamodel.campaign import ResearchSettings
from miniatures.datamodel.draft import EmailText
from miniatures.datamodel.evidence import Page, Quote
from miniatures.datamodel.example import Example, Source
from miniatures.datamodel.hashing import text_hash
from miniatures.datamodel.prospect import Prospect
from miniatures.finetune.gold.bridges import bridge
from miniatures.finetune.gold.check import check_case, evidence_of
from miniatures.finetune.gold.folder import GoldBrief, GoldCase, GoldCompany, GoldEmail, GoldFolder, GoldSentence, Worth
from miniatures.finetune.gold_day import WRITTEN_AT

_NOISE = {Worth.BOILERPLATE, Worth.OPINION, Worth.VAGUE, Worth.NAVIGATION}
_MOST_NOISE = 12
_FACTS = ResearchSettings().facts
_MOST_CHOICES = 12


def writer_example(case: GoldCase, folder: GoldFolder) -> Example:
    """The case as a question to the writer, with the email as its answer if there is one."""
    brief, company = folder.briefs[case.brief], folder.companies[case.company]
    email = case.text if isinstance(case, GoldEmail) else None
    evidence = case_evidence(case, folder)
    quotes = "-".join(map(str, case.quotes))
    name = f"gold:{folder.name}/{case.company}/{case.brief}/{case.contact}/{quotes}"
    return written_example(brief.plain, company.prospect(case.contact), evidence, email, name)


def case_evidence(case: GoldCase, folder: GoldFolder) -> tuple[Quote, ...]:
    """The quotes of a case. The first that an email rests on has its author's own thought as its angle."""
    quotes = evidence_of(folder.companies[case.company], folder.briefs[case.brief], case.quotes)
    if not isinstance(case, GoldEmail):
        return quotes
    angles = chain([bridge(case.text, check_case(case, folder))], repeat(""))
    return tuple(
        quote.model_copy(update={"angle": next(angles)}) if number in case.uses else quote
        for number, quote in zip(case.quotes, quotes, strict=True)
    )


def written_example(
    brief: Brief,
    prospect: Prospect,
    evidence: Sequence[Quote],
    email: EmailText | None,
    name: str,
    source: Source = Source.GOLD,
    company: str | None = None,
) -> Example:
    """A writer's example from its parts, with the variables that the write graph would render."""
    return Example(
        role=WRITER.name,
        variables=WriterVariables.of(brief, prospect, evidence).model_dump(mode="json"),
        answer=None if email is None else email.model_dump(),
        company=company or prospect.company,
        source=source,
        lineage=(name,),
    )


def researcher_examples(folder: GoldFolder, seed: int) -> Iterator[Example]:
    """One question for each brief and company that meet in an email or a case, and as many companies without news.

    For each company one brief is added that its page has nothing for: there the right answer is an empty list.
    """
    chance = random.Random(seed)
    pairs = {(case.company, case.brief) for case in (*folder.emails, *folder.cases)}
    pairs |= {(slug, brief) for slug in sorted(folder.companies) for brief in _fruitless(folder, slug, chance)}
    sentences = chain.from_iterable(company.sentences for company in folder.companies.values())
    noise = [sentence.text for sentence in sentences if sentence.worth in _NOISE]
    for company, brief in sorted(pairs):
        found = researcher_example(folder, folder.companies[company], folder.briefs[brief], noise, chance)
        if found is not None:
            yield found


def _fruitless(folder: GoldFolder, company: str, chance: random.Random) -> list[str]:
    """A brief that nothing on the company's page speaks to, if there is one."""
    kinds = {sentence.kind for sentence in folder.companies[company].sentences if sentence.usable}
    wanted = {slug: {signal.kind for signal in brief.signals} for slug, brief in folder.briefs.items()}
    briefs = [slug for slug in sorted(wanted) if kinds.isdisjoint(wanted[slug])]
    return [chance.choice(briefs)] if briefs else []


def researcher_example(
    folder: GoldFolder, company: GoldCompany, brief: GoldBrief, noise: list[str], chance: random.Random
) -> Example | None:
    """The researcher's question on one page, and the choice that its labels make right; null without candidates."""
    own = {sentence.text: sentence for sentence in company.sentences}
    others = [text for text in chance.sample(noise, min(len(noise), chance.randint(0, _MOST_NOISE))) if text not in own]
    numbered = candidates(company, brief.plain, others)
    if not numbered:
        return None
    worth = [_worth(own.get(text), brief) for text in numbered]
    must = [number for number, value in enumerate(worth, start=1) if value is Worth.MUST]
    may = [number for number, value in enumerate(worth, start=1) if value is Worth.MAY]
    chosen = [*must, *may][:_MOST_CHOICES]
    kinds = {number: own[numbered[number - 1]].kind for number in chosen}
    choices = [{"number": number, "signal": brief.signal_or_first(kind)} for number, kind in kinds.items()]
    today = WRITTEN_AT.date().isoformat()
    variables = ListVariables.of(brief.plain, company.name, today, numbered, facts=_FACTS)
    return Example(
        role=RESEARCHER.name,
        variables=variables.model_dump(mode="json"),
        answer={"choices": choices},
        company=company.name,
        source=Source.GOLD,
        lineage=(f"gold:{folder.name}/{company.slug}/{brief.slug}",),
        labels={"must": tuple(must), "may": tuple(may)},
    )


def candidates(company: GoldCompany, brief: Brief, others: list[str]) -> list[str]:
    """The sentences that a campaign's researcher would be shown of this company's page, best first."""
    prospect = company.prospect(1)
    pages = [_page(company, [sentence.text for sentence in company.sentences], "news"), _page(company, others, "about")]
    ranked = rank_sentences([page for page in pages if page.text], brief, prospect)
    good = [one for one in ranked if not about_another(one.sentence, one.page, prospect)]
    return [one.sentence for one in within_limits(good, ResearchSettings())]


def _page(company: GoldCompany, sentences: list[str], name: str) -> Page:
    text, url = "\n".join(sentences), f"https://{company.slug}.example/{name}"
    return Page(url=url, text=text, text_hash=text_hash(text), fetched_at=WRITTEN_AT)


def _worth(sentence: GoldSentence | None, brief: GoldBrief) -> Worth | None:
    if sentence is None or not sentence.usable or brief.signal_of(sentence.kind) is None:
        return None
    return sentence.worth

"""Makes examples of gold data: emails for the writer, choices for the researcher, through the code that serves both.

The researcher's sentences are ranked by the same BM25 as a campaign's, among boilerplate of other companies, so that a
training question looks like a served one.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from miniatures.agents.candidates import rank_sentences, within_limits
from miniatures.agents.companies import about_another
from miniatures.agents.prompting import as_data, brief_variables, prospect_variables, quote_variables, signal_variables
from miniatures.datamodel.brief import Brief
from miniatures.datamodel.campaign import ResearchSettings
from miniatures.datamodel.draft import EmailText
from miniatures.datamodel.evidence import Evidence, Page
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
    evidence = evidence_of(company, brief, case.quotes)
    name, prospect = _name(case, folder), company.prospect(case.contact)
    if not isinstance(case, GoldEmail):
        return written_example(brief.plain, prospect, evidence, None, name)
    return written_example(brief.plain, prospect, evidence, case.text, name, angles=own_angles(case, folder))


def own_angles(email: GoldEmail, folder: GoldFolder) -> dict[int, str]:
    """The author's own thought, as the angle of the quotes that the email rests on, by their places from 1."""
    used = [place for place, number in enumerate(email.quotes, start=1) if number in email.uses]
    return dict.fromkeys(used[1:], "") | {used[0]: bridge(email.text, check_case(email, folder))}


def written_example(
    brief: Brief,
    prospect: Prospect,
    evidence: Iterable[Evidence],
    email: EmailText | None,
    name: str,
    source: Source = Source.GOLD,
    company: str | None = None,
    angles: Mapping[int, str] | None = None,
) -> Example:
    """A writer's example from its parts, with the variables that the write graph would render.

    `angles` stand in place of the brief's, by the quotes' places from 1.
    """
    quotes = [
        {**quote, "angle": as_data((angles or {}).get(quote["number"], quote["angle"]))}
        for quote in quote_variables(evidence, brief, prospect)
    ]
    variables = {
        "brief": brief_variables(brief),
        "prospect": prospect_variables(prospect),
        "quotes": quotes,
        "reasons": [],
        "previous": None,
    }
    return Example(
        role="writer",
        variables=variables,
        answer=None if email is None else email.model_dump(),
        company=company or prospect.company,
        source=source,
        lineage=(name,),
    )


def _name(case: GoldCase, folder: GoldFolder) -> str:
    quotes = "-".join(map(str, case.quotes))
    return f"gold:{folder.name}/{case.company}/{case.brief}/{case.contact}/{quotes}"


def researcher_examples(folder: GoldFolder, seed: int) -> Iterator[Example]:
    """One question for each brief and company that meet in an email or a case, and as many companies without news.

    For each company one brief is added that its page has nothing for: there the right answer is an empty list.
    """
    chance = random.Random(seed)
    pairs = {(case.company, case.brief) for case in (*folder.emails, *folder.cases)}
    pairs |= {(slug, brief) for slug in sorted(folder.companies) for brief in _fruitless(folder, slug, chance)}
    noise = [
        sentence.text
        for company in folder.companies.values()
        for sentence in company.sentences
        if sentence.worth in _NOISE
    ]
    for company, brief in sorted(pairs):
        found = researcher_example(folder, folder.companies[company], folder.briefs[brief], noise, chance)
        if found is not None:
            yield found


def _fruitless(folder: GoldFolder, company: str, chance: random.Random) -> list[str]:
    """A brief that nothing on the company's page speaks to, if there is one."""
    kinds = {sentence.kind for sentence in folder.companies[company].sentences if sentence.usable}
    briefs = [
        slug
        for slug, brief in sorted(folder.briefs.items())
        if kinds.isdisjoint(signal.kind for signal in brief.signals)
    ]
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
    choices = [{"number": number, "signal": _signal(own[numbered[number - 1]], brief)} for number in chosen]
    variables = {
        "company": as_data(company.name),
        "today": WRITTEN_AT.date().isoformat(),
        "facts": _FACTS,
        "signals": signal_variables(brief.plain),
        "sentences": [{"number": number, "text": as_data(text)} for number, text in enumerate(numbered, start=1)],
        "reasons": [],
    }
    return Example(
        role="researcher",
        variables=variables,
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


def _page(company: GoldCompany, sentences: list[str], name: str, at: datetime = WRITTEN_AT) -> Page:
    text = "\n".join(sentences)
    return Page(url=f"https://{company.slug}.example/{name}", text=text, text_hash=text_hash(text), fetched_at=at)


def _worth(sentence: GoldSentence | None, brief: GoldBrief) -> Worth | None:
    if sentence is None or not sentence.usable or brief.signal_of(sentence.kind) is None:
        return None
    return sentence.worth


def _signal(sentence: GoldSentence, brief: GoldBrief) -> str:
    return brief.signal_of(sentence.kind) or brief.signals[0].name
